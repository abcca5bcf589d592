// Figures, units, urgent and newest incidents of the wall screen, from one look at the service.
import { byId, make, t, term } from "./page.js";
import { get } from "./api.js";
import { countText, deadlineText, timeText, dayOf, momentText } from "./formats.js";
import { kindName, ready as kindsReady } from "./categories.js";
import * as ground from "./command-ground.js";
import * as live from "./live.js";

const SOON_MS = 1_000;
const LATEST_MS = 4_000;
const AGAIN_MS = 5_000;
const AHEAD_MS = 60_000; // clocks of phones run ahead a little
const FIGURES = ["open", "urgent", "red", "yellow", "due_today", "at_risk", "unassigned"];
const COLUMNS = ["red", "yellow", "due_today", "open"];
const MOST_URGENT = 6;
const MOST_NEWEST = 8;

let told = null;
let timer = 0;
let askedAt = 0;
let running = null;
let shown = new Map();
let known = null; // numbers of the newest that were shown before

// `fed()` is told of every whole look, `failed(error)` of every other.
export function init(health) {
  told = health;
  for (const name of ["incident", "incident_gone", "incidents_changed", "register", "edition"]) live.on(name, soon);
  for (const name of ["reset", "current"]) live.on(name, load);
  live.on("state", ({ status }) => status === "live" && soon());
  ground.onLoaded(load);
  // Clocks run on though nothing happens.
  setInterval(load, 30_000);
  load();
}

function soon() {
  const now = Date.now();
  if (timer === 0) askedAt = now;
  clearTimeout(timer);
  timer = setTimeout(load, Math.max(0, Math.min(SOON_MS, askedAt + LATEST_MS - now)));
}

async function load() {
  clearTimeout(timer);
  timer = 0;
  running?.abort();
  const mine = (running = new AbortController());
  const options = { signal: mine.signal };
  try {
    const [board, urgent, newest] = await Promise.all([
      get("/board", { is_open: true }, options),
      get("/board/incidents", { is_open: true, is_urgent: true, limit: MOST_URGENT }, options),
      // Of the sample district the day is already written to its end.
      get("/incidents", { limit: MOST_NEWEST, reported_before: new Date(live.now().getTime() + AHEAD_MS).toISOString() }, options),
      kindsReady(),
    ]);
    if (mine !== running) return;
    showFigures(board.total);
    showUnits(board);
    told.units(board.rows);
    showUrgent(urgent);
    showNewest(newest.incidents);
    told.fed();
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    told.failed(error);
    clearTimeout(timer);
    timer = setTimeout(load, AGAIN_MS);
  }
}

function showFigures(total) {
  byId("wall-figures").replaceChildren(...FIGURES.map((name) => make("div", { className: `wall-figure ${shown.has(name) && shown.get(name) !== total[name] ? "is-new" : ""}`, dataset: { figure: name, count: total[name] } },
    make("span", {}, t(`wall.figure.${name}`)), make("b", {}, countText(total[name])))));
  shown = new Map(FIGURES.map((name) => [name, total[name]]));
}

function showUnits({ by, rows }) {
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, t(`board.by.${by}`)),
    COLUMNS.map((name) => make("th", { scope: "col", className: "number" }, t(`board.column.${name}`)))));
  const body = make("tbody", {}, rows.filter((row) => row.unit).map((row) => make("tr", { dataset: { unit: row.unit } },
    make("th", { scope: "row" }, row.name || row.unit),
    COLUMNS.map((name) => make("td", { className: "number" }, row[name] === 0 ? make("span", { className: "quiet" }, "·")
      : make("span", name === "open" ? {} : { className: "clock", dataset: { clock: name } }, countText(row[name])))))));
  byId("wall-units").replaceChildren(head, body);
}

function showUrgent({ incidents, total }) {
  const list = byId("wall-urgent");
  if (incidents.length === 0) {
    list.replaceChildren(make("li", { className: "wall-calm" }, t("wall.nothing_urgent")));
    return;
  }
  const rows = incidents.map((one) => make("li", { dataset: { number: one.number } },
    make("span", { className: "clock", dataset: { clock: one.clock_state } }, term("clock", one.clock_state)),
    make("b", {}, kindName(one)),
    make("span", { className: "wall-place" }, place(one)),
    make("span", { className: "wall-due" }, one.due_at ? t("wall.due", { time: deadlineText(one.due_at) }) : term("state", one.state))));
  if (total > incidents.length) rows.push(make("li", { className: "quiet" }, t("wall.more", { count: countText(total - incidents.length) })));
  list.replaceChildren(...rows);
}

function showNewest(incidents) {
  const list = byId("wall-newest");
  if (incidents.length === 0) {
    list.replaceChildren(make("li", { className: "wall-calm" }, t("shell.nothing")));
    return;
  }
  list.replaceChildren(...incidents.map((one) => make("li", { className: known && !known.has(one.number) ? "is-new" : "", dataset: { number: one.number } },
    make("time", {}, dayOf(one.reported_at) === dayOf(live.now()) ? timeText(one.reported_at) : momentText(one.reported_at)),
    make("b", { className: one.is_urgent ? "loud-text" : "" }, kindName(one)),
    make("span", { className: "wall-place" }, place(one)),
    make("span", { className: "wall-due" }, term("state", one.state)))));
  known = new Set(incidents.map((one) => one.number));
}

const place = (one) => [one.township, one.grid || one.village].filter(Boolean).map(ground.unitName).join(" · ") || t("board.no_unit");
