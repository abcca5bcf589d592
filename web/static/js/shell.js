// What every page does: signing out, closing menus, saying that the session has ended, the badge of the live stream.
import { byId, make, t } from "./page.js";
import { send } from "./api.js";
import { timeText } from "./formats.js";
import * as live from "./live.js";

byId("sign-out")?.addEventListener("click", async () => {
  await send("DELETE", "/sessions/current").catch(() => null);
  location.assign("/sign-in");
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
});

addEventListener("signed-out", () => {
  if (byId("signed-out") || location.pathname === "/sign-in") return;
  const next = encodeURIComponent(location.pathname + location.search);
  document.body.prepend(
    make("p", { id: "signed-out", className: "message bad", role: "alert" }, t("shell.sign_in_again"), " ",
      make("a", { href: `/sign-in?next=${next}`, target: "_blank" }, t("shell.error.401"))),
  );
});

// A page with an element `live-badge` follows the stream.
const badge = byId("live-badge");
if (badge) {
  live.on("state", ({ status, since }) => {
    badge.dataset.state = status;
    badge.lastElementChild.textContent =
      status === "live" ? t("shell.live")
        : status === "stale" ? t("shell.stale_since", { time: timeText(since + (live.now().getTime() - Date.now())) })
          : status === "ended" ? t("shell.ended") : t("shell.connecting");
    document.documentElement.dataset.live = status;
    if (status === "ended") dispatchEvent(new CustomEvent("signed-out"));
  });
  live.start();
}
