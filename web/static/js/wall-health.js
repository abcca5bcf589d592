// Whether the wall screen shows the present, said loudly where it does not, and what it does about that by itself.
import { assets, byId, t } from "./page.js";
import { timeText } from "./formats.js";
import * as live from "./live.js";

const LOOK_MS = 2_000;
const OLD_MS = 100_000; // figures are looked at every 30 s: older ones are of the past, whatever the stream says
const RELOAD_MS = 180_000; // after so long of no present the page begins anew, once the service answers
const VERSION_MS = 300_000;
const LINK_MS = 30_000;
const NIGHT = { from: 3 * 60 + 30, minutes: 90 }; // local minutes of the day
const QUIET_MS = 60_000;

const beganAt = Date.now();
const nightAt = NIGHT.from + Math.floor(Math.random() * NIGHT.minutes); // many walls do not begin anew together
let fedAt = Date.now();
let state = { status: "connecting", since: null };
let wasStale = false;
let said = "";
let eventAt = 0;
let lostAt = null;
let problem = null;

export function init() {
  live.on("state", (now) => {
    state = now;
    if (now.status === "stale") wasStale = true;
    if (now.status === "live" && wasStale) {
      wasStale = false;
      // The service may have been exchanged for a newer one meanwhile.
      lookForVersion();
    }
    show();
  });
  live.on("incident", () => { eventAt = Date.now(); });
  setInterval(look, LOOK_MS);
  setInterval(lookForVersion, VERSION_MS);
  stayAwake();
  document.addEventListener("visibilitychange", stayAwake);
}

// The figures were read as they are now.
export function fed() {
  fedAt = Date.now();
  problem = null;
  show();
}

export function failed(error) {
  problem = error.message;
  if (error.status === 401) state = { status: "ended", since: Date.now() };
  show();
}

// Say something over everything, as where the link is no longer one.
export function alarm(text) {
  byId("wall-alarm").textContent = text;
  byId("wall-alarm").hidden = text === "";
}

const isOld = () => Date.now() - fedAt > OLD_MS;
const isPresent = () => state.status === "live" && !isOld();

function show() {
  const root = document.documentElement;
  root.classList.toggle("is-past", !isPresent() && (state.status !== "connecting" || isOld()));
  lostAt = isPresent() ? null : (lostAt ?? Date.now());
  const text = state.status === "ended" ? t("wall.ended")
    : state.status === "stale" || isOld() ? t("wall.past", { time: timeText(new Date(Math.min(state.since ?? fedAt, fedAt) + (live.now() - Date.now()))) }) + (isOld() && problem ? ` ${problem}` : "")
      : "";
  if (text === said) return;
  said = text;
  alarm(text);
}

async function look() {
  show();
  if (state.status === "ended") {
    lookForLink();
    return;
  }
  const now = Date.now();
  const isLost = lostAt !== null && now - lostAt > RELOAD_MS;
  const minutes = minutesOfDay(live.now());
  const isNight = now - beganAt > 7_200_000 && minutes >= nightAt && minutes < nightAt + 30 && now - eventAt > QUIET_MS;
  if (!isLost && !isNight) return;
  // Never leave a picture for the browser's own page of errors: first see that the service would answer.
  if (await answers()) location.reload();
  else if (isLost) lostAt = now - RELOAD_MS + 20_000;
}

// Whoever was kept out may be let in again: until then the picture says what is wrong, and the sign-in is no place for a wall.
let askedAt = 0;
async function lookForLink() {
  if (Date.now() - askedAt < LINK_MS) return;
  askedAt = Date.now();
  const answer = await fetch("/api/v1/sessions/current", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

const answers = () => fetch("/ready", { cache: "no-store" }).then((answer) => answer.ok, () => false);

// A page of another version names other scripts; one of a link that has ended leads to the sign-in.
async function lookForVersion() {
  const answer = await fetch("/wall", { cache: "no-store", credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  if (!(await answer.text()).includes(`${assets}/js/wall.js`)) location.reload();
}

function minutesOfDay(at) {
  const [hour, minute] = timeText(at).split(":").map(Number);
  return hour * 60 + minute;
}

// Browsers let go of it whenever the page was hidden; on plain http there is none, and the system must be set not to sleep.
async function stayAwake() {
  if (document.hidden || !navigator.wakeLock) return;
  await navigator.wakeLock.request("screen").catch(() => null);
}
