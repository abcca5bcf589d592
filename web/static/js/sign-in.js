// Signing in, and on to where one wanted to go.
import { byId, t } from "./page.js";
import { OfflineError, send } from "./api.js";
import { enter, isWallLink } from "./wall-link.js";

const form = byId("sign-in");
const problem = byId("sign-in-problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  form.querySelector("button").disabled = true;
  try {
    await send("POST", "/sessions", Object.fromEntries(new FormData(form)));
    location.assign(form.dataset.next);
  } catch (error) {
    problem.textContent =
      error instanceof OfflineError ? t("shell.offline")
        : error.status === 429 ? t("sign_in.too_many", { seconds: error.retryAfterS || 60 })
          : error.status === 401 ? t("sign_in.wrong") : t("shell.went_wrong", { detail: error.message });
    problem.hidden = false;
    form.elements.password.select();
  } finally {
    form.querySelector("button").disabled = false;
  }
});

if (isWallLink()) {
  enter().then(() => location.replace(form.dataset.next), (error) => {
    problem.textContent = error instanceof OfflineError ? t("shell.offline") : error.message;
    problem.hidden = false;
  });
}
