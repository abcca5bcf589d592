// The list of what is worked through: the worst clocks and then the oldest first, page by page. What changes meanwhile is
// marked where it stands; nothing jumps under a hand that reads.
import { byId, language, make, may, t, term } from "./page.js";
import { get, OfflineError } from "./api.js";
import { countText, momentText, spanText } from "./formats.js";
import { kindName } from "./categories.js";
import { officeName } from "./command-people.js";
import * as live from "./live.js";

const PAGE = 50;
const MOST_AGAIN = 200;
const NEW_MS = 8_000;
const MOST_PRINTED = 500;

let context = null;
let place = null;
let list = null;
let pill = null;
let more = null;
let said = null;
let shown = []; // incidents as the service told them, in their order
let next = null;
let waiting = null; // what a press on the pill will show
let isStale = true;
let isOther = true; // another filter than what is shown
let running = null;
let moreOnTheWay = null;
const rows = new Map(); // number: { element, said }
const touched = new Map(); // number: until when it is marked

export function init(given, element) {
  context = given;
  place = element;
  list = make("ol", { className: "worklist", role: "listbox", "aria-label": t("board.list"), onkeydown: steer });
  pill = make("button", { type: "button", className: "pill", hidden: true, onclick: showWaiting });
  more = make("button", { type: "button", className: "more", hidden: true, onclick: loadMore }, t("board.more_rows"));
  said = make("p", { className: "empty", role: "status" }, t("shell.loading"));
  place.append(tools(), pill, make("p", { className: "print-only quiet" }), list, said, more);
  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && loadMore(), { root: null, rootMargin: "300px" }).observe(more);
  context.bus.on("open", markOpen);
  context.bus.on("close", markOpen);
  setInterval(() => !place.hidden && rows.size && draw(shown), 60_000);
}

export function wait() {
  list.setAttribute("aria-busy", "true");
}

// What is shown is no longer sure; it is loaded when somebody looks.
export function forget({ isNew = false } = {}) {
  isStale = true;
  if (isNew) isOther = true;
}

// An incident was reported or moved on: it is marked when it is drawn next.
export function changed(number) {
  touched.set(number, Date.now() + NEW_MS);
  for (const [one, until] of touched) if (until < Date.now()) touched.delete(one);
}

export async function load({ isNew = false } = {}) {
  if (isNew) isOther = true;
  else if (!isStale && running === null && shown.length === 0) isStale = true;
  const isAnother = isOther;
  running?.abort();
  const mine = (running = new AbortController());
  const limit = isAnother ? PAGE : Math.min(Math.max(PAGE, shown.length), MOST_AGAIN);
  try {
    const told = await get("/board/incidents", { ...context.filter.get(), limit }, { signal: mine.signal });
    if (mine !== running) return;
    running = null;
    isStale = false;
    list.removeAttribute("aria-busy");
    if (isAnother || shown.length === 0 || isAtRest()) {
      isOther = false;
      take(told, { isNew: isAnother });
      if (isAnother) toTop();
    } else {
      merge(told);
    }
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    running = null;
    list.removeAttribute("aria-busy");
    if (shown.length === 0 || isAnother) {
      shown = [];
      draw(shown);
      say(error instanceof OfflineError ? t("board.offline") : t("shell.went_wrong", { detail: error.message }));
    }
  }
}

// Nobody reads further down, nor stands in the list: it may be put in order at once.
function isAtRest() {
  const scroller = place.closest(".side");
  const isBelow = list.getBoundingClientRect().top < scroller.getBoundingClientRect().top - 8;
  return !isBelow && !list.contains(document.activeElement);
}

// To the first row, with the tabs above it.
function toTop() {
  const scroller = place.closest(".side");
  const top = byId("side-tabs").previousElementSibling;
  const begin = top.offsetTop + top.offsetHeight - scroller.offsetTop;
  if (scroller.scrollTop > begin) scroller.scrollTo({ top: begin });
}

function take(told, { isNew = false } = {}) {
  const known = new Set(shown.map((one) => one.number));
  if (!isNew) for (const one of told.incidents) if (!known.has(one.number)) touched.set(one.number, Date.now() + NEW_MS);
  const now = new Set(told.incidents.map((one) => one.number));
  // Pages that came while this one was asked for stay below it.
  const below = isNew || told.next === null ? [] : shown.slice(told.incidents.length).filter((one) => !now.has(one.number));
  shown = [...told.incidents, ...below];
  if (below.length === 0) next = told.next;
  waiting = null;
  pill.hidden = true;
  draw(shown);
}

// What is there is brought up to date in its place; what is new waits behind a button.
function merge(told) {
  const now = new Map(told.incidents.map((one) => [one.number, one]));
  const known = new Set(shown.map((one) => one.number));
  const isWhole = told.next === null;
  let gone = 0;
  shown = shown.map((one, at) => {
    const newer = now.get(one.number);
    if (newer) return newer;
    if (at >= told.incidents.length && !isWhole) return one;
    gone += 1;
    return { ...one, isGone: true };
  });
  const fresh = told.incidents.filter((one) => !known.has(one.number)).length;
  const isMoved = told.incidents.some((one, at) => shown[at]?.number !== one.number);
  draw(shown);
  waiting = fresh || gone || isMoved ? told : null;
  pill.hidden = waiting === null;
  pill.textContent = fresh ? t("board.fresh", { count: countText(fresh) }) : t("board.order_changed");
}

function showWaiting() {
  if (!waiting) return;
  take(waiting);
  toTop();
  (list.querySelector("[tabindex='0']") ?? list).focus();
}

// The next page; whoever asks while one is on its way waits for that.
function loadMore() {
  moreOnTheWay ??= nextPage().finally(() => { moreOnTheWay = null; });
  return moreOnTheWay;
}

async function nextPage() {
  if (next === null || place.hidden || isOther) return;
  const cursor = next;
  try {
    const told = await get("/board/incidents", { ...context.filter.get(), limit: PAGE, cursor });
    if (cursor !== next || isOther) return;
    const known = new Set(shown.map((one) => one.number));
    shown = [...shown, ...told.incidents.filter((one) => !known.has(one.number))];
    next = told.next;
    draw(shown);
  } catch (error) {
    if (error.name !== "AbortError") more.textContent = t("board.more_failed");
  }
}

// On paper stands what the filter shows, not only what has been scrolled to.
async function printAll() {
  while (next !== null && shown.length < MOST_PRINTED) {
    const before = shown.length;
    await loadMore();
    if (shown.length === before) break;
  }
  document.body.classList.add("prints-list");
  addEventListener("afterprint", () => document.body.classList.remove("prints-list"), { once: true });
  print();
}

function say(text) {
  said.textContent = text;
  said.hidden = text === "";
}

function draw(incidents) {
  const keep = new Set(incidents.map((one) => one.number));
  for (const [number, row] of rows) if (!keep.has(number)) { row.element.remove(); rows.delete(number); }
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  incidents.forEach((one, at) => {
    const element = drawn(one);
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  if (focused && focused !== document.activeElement && list.contains(focused)) focused.focus();
  if (!list.querySelector("[tabindex='0']") && list.firstElementChild) list.firstElementChild.tabIndex = 0;
  more.hidden = next === null;
  more.textContent = t("board.more_rows");
  place.querySelector(".print-only").textContent = next === null ? "" : t("board.printed", { count: countText(incidents.length) });
  say(incidents.length ? "" : t("board.nothing_listed"));
  markOpen();
}

function drawn(one) {
  const isTouched = (touched.get(one.number) ?? 0) > Date.now();
  const text = JSON.stringify([one, dueText(one), isTouched]);
  const known = rows.get(one.number) ?? { element: null, said: "" };
  if (known.said === text) return known.element;
  known.said = text;
  if (known.element === null) {
    known.element = make("li", {
      id: `row-${one.number}`, role: "option", tabIndex: -1, dataset: { number: one.number }, onclick: () => open(known.element),
    });
    rows.set(one.number, known);
  }
  const where = one.grid_name || one.village_name || one.township_name || one.grid || t("board.no_grid");
  const above = one.grid_name && one.township_name ? one.township_name : "";
  known.element.className = [one.isGone ? "is-gone" : "", isTouched ? "is-new" : ""].join(" ").trim();
  known.element.dataset.clock = one.clock_state;
  known.element.replaceChildren(
    make("div", { className: "first" },
      make("span", { className: "clock", dataset: { clock: one.clock_state } }, term("clock", one.clock_state)),
      one.is_urgent && make("b", { className: "urgent" }, t("board.urgent")),
      make("span", { className: "what" }, kindName(one)),
      make("span", { className: "quiet small" }, `#${one.number}`)),
    make("div", { className: "second" }, make("span", { className: "where" }, where),
      above && make("span", { className: "quiet" }, above)),
    make("div", { className: "third small" },
      make("span", { className: "due" }, one.isGone ? t("board.left") : dueText(one)),
      make("span", { className: "quiet" }, term("state", one.state), " · ", officeName(one.holder, { [one.holder]: one.holder_name || undefined }))));
  return known.element;
}

// How long there is still time, or for how long there has been none.
export function dueText(one) {
  if (one.clock_state === "settled") return momentText(one.reported_at);
  if (one.due_at === null) return t("board.waits_for_closing");
  const left = Date.parse(one.due_at) - live.now().getTime();
  const span = spanText(Math.abs(left));
  if (one.clock === "response") return left > 0 ? t("board.answer_within", { span }) : t("board.answer_late", { span });
  return left > 0 ? t("board.due_within", { span }) : t("board.late", { span });
}

function open(element) {
  move(element);
  context.bus.open(Number(element.dataset.number));
}

function markOpen() {
  const number = context.bus.openNumber?.() ?? null;
  for (const [one, row] of rows) row.element.setAttribute("aria-selected", String(one === number));
}

function move(element) {
  if (!element) return;
  for (const other of list.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  element.tabIndex = 0;
  element.focus();
}

function steer(event) {
  const at = event.target.closest("[role=option]");
  if (!at) return;
  const to = {
    ArrowDown: at.nextElementSibling, ArrowUp: at.previousElementSibling, Home: list.firstElementChild, End: list.lastElementChild,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    move(to);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(at);
  }
}

// What the filter shows, as a file or on paper.
function tools() {
  const links = make("div", { className: "row list-tools no-print" });
  const renew = () => {
    const asked = new URLSearchParams({ language });
    for (const [name, value] of Object.entries(context.filter.get())) for (const one of [value].flat()) asked.append(name, one);
    for (const link of links.querySelectorAll("a")) link.href = `/api/v1/exports/incidents.${link.dataset.ending}?${asked}`;
  };
  if (may("export_incidents")) {
    for (const ending of ["xlsx", "csv"]) {
      links.append(make("a", { className: "button", dataset: { ending }, download: "" }, t(`board.export_${ending}`)));
    }
    renew();
    context.filter.on(renew);
  }
  const order = make("span", { className: "quiet small" }, t("board.order"));
  const mark = () => { order.hidden = !context.filter.get().is_open; };
  mark();
  context.filter.on(mark);
  links.append(make("button", { type: "button", onclick: printAll }, t("board.print")), order);
  return links;
}
