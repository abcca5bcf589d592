// The session after one has signed in again in another tab: this page goes on where it was, with what was typed in it.
import { account, byId, csrfToken, useCsrf } from "./page.js";
import { get } from "./api.js";
import * as live from "./live.js";

// Whether the same account is signed in again; from then on this page sends what the new session wants.
export async function isBack() {
  const told = await get("/sessions/current").catch(() => null);
  if (told === null || told.name !== account?.name) return false;
  if (told.csrf !== csrfToken()) {
    useCsrf(told.csrf);
    live.again();
  }
  byId("signed-out")?.remove();
  return true;
}

// Do something; where the session had ended or was exchanged and the account is signed in again, do it once more.
export async function withSession(act) {
  try {
    return await act();
  } catch (error) {
    const before = csrfToken();
    if (![401, 403].includes(error.status) || !(await isBack()) || csrfToken() === before) throw error;
    return act();
  }
}

// When one comes back to this tab after the session has ended, look whether one has signed in meanwhile.
addEventListener("focus", () => byId("signed-out") && isBack());
