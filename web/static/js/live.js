// What happens, as it happens: `on("incident", told => …)`, `on("state", …)`. Subscribe first, load what is there then:
// so nothing falls between the two.
import { account, assets, data } from "./page.js";
import { Stream } from "./live-stream.js";

const listeners = new Map();
// Until the stream says it, the time of the server is known from the page to within its loading.
let state = { status: "connecting", since: null, offsetMs: data.now_ms ? data.now_ms - Date.now() : 0 };
let port = null;
let stream = null;

export function on(name, heard) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(heard);
  if (name === "state") heard(state);
  return () => listeners.get(name).delete(heard);
}

const tell = (name, told) => listeners.get(name)?.forEach((heard) => heard(told));

function hear(message) {
  if (message.kind === "state") {
    const was = state.status;
    state = { ...message, offsetMs: message.offsetMs ?? state.offsetMs };
    tell("state", state);
    // What happened while the line was cut is told by the stream itself; clocks have run on meanwhile.
    if (state.status === "live" && was === "stale") tell("current", state);
  } else {
    tell(message.name, message.data);
  }
}

export function start() {
  if (port !== null || stream !== null) return;
  if (typeof SharedWorker === "function") {
    const worker = new SharedWorker(`${assets}/js/live-worker.js`, { type: "module", name: `live ${account?.name ?? ""}` });
    port = worker.port;
    port.onmessage = (event) => hear(event.data);
    port.start();
    addEventListener("pagehide", () => port.postMessage("bye"));
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  } else {
    stream = new Stream(hear);
    stream.start();
  }
  addEventListener("online", again);
  document.addEventListener("visibilitychange", () => !document.hidden && look());
}

const look = () => (port ? port.postMessage("look") : stream?.look());
export const again = () => (port ? port.postMessage("again") : stream?.open());

// The time of the server: clocks of wall screens are often wrong.
export const now = () => new Date(Date.now() + state.offsetMs);
