// The one report that is being written: kept in this browser for its account until it is sent or discarded, and sent once,
// however often the line drops: what was sent is kept as it was, with the key under which the service takes it once.
import { account } from "./page.js";
import { newKey, send } from "./api.js";

const NAME = `gisgrid.report.${account?.name ?? ""}`;

// { fields, isOpen, waiting: null | { key, body, since } }
export function read() {
  try {
    const told = JSON.parse(localStorage.getItem(NAME));
    return told && typeof told.fields === "object" ? told : null;
  } catch {
    return null;
  }
}

export function keep(draft) {
  try {
    localStorage.setItem(NAME, JSON.stringify(draft));
    return true;
  } catch {
    // A full or forbidden storage: the form itself still holds it.
    return false;
  }
}

export const clear = () => localStorage.removeItem(NAME);

// Another window of this browser has changed it.
export function onElsewhere(heard) {
  addEventListener("storage", (event) => event.key === NAME && heard(read()));
}

export const begin = (body, since) => ({ key: newKey(), body, since });

// Send what waits. The service answers 200 instead of 201 where an earlier try had arrived.
export async function deliver({ key, body }) {
  const options = { headers: { "idempotency-key": key } };
  try {
    return await send("POST", "/incidents", body, options);
  } catch (error) {
    // A clock that runs ahead of the service: nothing was kept, so the time of arrival will do.
    if (error.status !== 422 || !body.reported_at) throw error;
    const { reported_at: _, ...rest } = body;
    return send("POST", "/incidents", rest, options);
  }
}

// Whether nothing is known of what became of it, or it may be sent again as it is.
export const mayTryAgain = (error) => !("status" in error) || [401, 408, 429].includes(error.status) || error.status >= 500;
