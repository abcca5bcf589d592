// The side panel: one total for everything, and three tabs, board, list and queue, that stand under the filter of the map.
// What happens is shown as it happens: loaded again soon after an event, and with each minute, when clocks run out.
import { byId, make, t } from "./page.js";
import { get, OfflineError } from "./api.js";
import { countText, secondText } from "./formats.js";
import * as categories from "./categories.js";
import * as live from "./live.js";
import * as board from "./command-board.js";
import * as list from "./command-list.js";
import * as queue from "./command-queue.js";

const TABS = { board, list, queue };
const SOON_MS = 700;
const LATEST_MS = 3_000;
const MINUTE_MS = 60_000;
const AGAIN_MS = 5_000;

let context = null;
let chosen = "board";
let answer = null; // of the board, from which all counts come
let running = null;
let timer = 0;
let firstAskedAt = 0;

export function init(given) {
  context = { ...given, show: choose, reload: soon };
  const asked = new URLSearchParams(location.search).get("side");
  if (asked in TABS) chosen = asked;
  byId("side-tabs").append(
    make("p", { id: "side-totals", className: "side-totals" }),
    make("p", { id: "side-problem", className: "message bad", role: "status", hidden: true }),
    make("div", { className: "side-bar", role: "tablist", "aria-label": t("board.tabs"), onkeydown: turn },
      Object.keys(TABS).map((name) => make("button", {
        type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `side-${name}`, onclick: () => choose(name),
      }, make("span", {}, t(`board.tab.${name}`)), make("b", { className: "count", hidden: true })))),
  );
  for (const [name, tab] of Object.entries(TABS)) {
    const place = byId(`side-${name}`);
    place.setAttribute("role", "tabpanel");
    place.setAttribute("aria-labelledby", `tab-${name}`);
    tab.init(context, place);
  }
  mark();
  categories.ready().then(() => TABS[chosen].load?.());
  context.filter.on(() => load({ isNew: true }));
  for (const name of ["incident", "incident_gone", "incidents_changed", "register", "edition"]) live.on(name, soon);
  for (const name of ["reset", "current"]) live.on(name, () => load());
  live.on("incident", ({ number }) => list.changed(number));
  context.bus.on("changed", soon);
  // The map has looked at a later moment: whoever says how many there are says the same.
  context.bus.on("map_totals", ({ all }) => answer !== null && all !== answer.total.count && soon());
  addEventListener("online", () => load());
  minutely();
  load({ isNew: true });
}

// Show a tab; `focus` for whoever comes by keyboard.
export function choose(name, { focus = false } = {}) {
  if (name !== chosen) {
    chosen = name;
    const address = new URL(location.href);
    if (name === "board") address.searchParams.delete("side");
    else address.searchParams.set("side", name);
    history.replaceState(history.state, "", address);
    mark();
    TABS[name].load?.();
  }
  if (focus) byId(`tab-${name}`).focus();
}

function mark() {
  for (const name of Object.keys(TABS)) {
    const tab = byId(`tab-${name}`);
    tab.setAttribute("aria-selected", String(name === chosen));
    tab.tabIndex = name === chosen ? 0 : -1;
    byId(`side-${name}`).hidden = name !== chosen;
  }
}

function turn(event) {
  const names = Object.keys(TABS);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const to = step ? names[(names.indexOf(chosen) + step + names.length) % names.length]
    : event.key === "Home" ? names[0] : event.key === "End" ? names.at(-1) : null;
  if (to === null) return;
  event.preventDefault();
  choose(to, { focus: true });
}

// Many events in a row are one reason to look again, but not for ever.
function soon() {
  const now = Date.now();
  if (timer === 0) firstAskedAt = now;
  clearTimeout(timer);
  timer = setTimeout(() => load(), Math.max(0, Math.min(SOON_MS, firstAskedAt + LATEST_MS - now)));
}

function minutely() {
  const wait = MINUTE_MS - (live.now().getTime() % MINUTE_MS) + 500;
  setTimeout(() => {
    if (!document.hidden) load();
    minutely();
  }, wait);
}

document.addEventListener("visibilitychange", () => !document.hidden && context && soon());

async function load({ isNew = false } = {}) {
  clearTimeout(timer);
  timer = 0;
  running?.abort();
  const mine = (running = new AbortController());
  if (isNew) {
    board.wait();
    list.wait();
  }
  TABS[chosen].load?.({ isNew });
  for (const name of Object.keys(TABS)) if (name !== chosen) TABS[name].forget?.({ isNew });
  try {
    const told = await get("/board", context.filter.get(), { signal: mine.signal });
    if (mine !== running) return;
    answer = told;
    show();
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    fail(error);
  }
}

function show() {
  byId("side-problem").hidden = true;
  const { total } = answer;
  const at = secondText(live.now());
  byId("side-totals").replaceChildren(
    make("b", { id: "side-total", dataset: { count: total.count } }, t("board.total", { count: countText(total.count) })),
    make("span", { hidden: total.open === total.count }, t("board.of_them_open", { count: countText(total.open) })),
    make("span", { className: "quiet small as-of" }, t("board.as_of", { time: at })),
  );
  count("board", null);
  count("list", total.count);
  count("queue", answer.queue, answer.queue > 0);
  board.show(answer);
  // Map and list show the same: whoever wants to say how many there are, says this.
  context.bus.tell("totals", { total, at: live.now() });
}

function count(name, number, isLoud = false) {
  const place = byId(`tab-${name}`).querySelector(".count");
  place.hidden = number === null;
  place.classList.toggle("loud", isLoud);
  if (number !== null) place.textContent = countText(number);
}

function fail(error) {
  const problem = byId("side-problem");
  problem.replaceChildren(
    make("span", {}, error instanceof OfflineError ? t("board.offline") : t("shell.went_wrong", { detail: error.message })), " ",
    make("button", { type: "button", onclick: () => load() }, t("shell.retry")));
  problem.hidden = false;
  if (answer === null) board.fail();
  if (error.status !== 401) setTimeout(() => problem.hidden || soon(), AGAIN_MS);
}
