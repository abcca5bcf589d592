// What has no grid and so nobody who answers for it: somebody must give each of them one. Under no filter, so that nothing
// is left lying where nobody looks.
import { make, t, term } from "./page.js";
import { get, newKey, OfflineError, send } from "./api.js";
import { metresText, momentText } from "./formats.js";
import { kindName } from "./categories.js";
import { dueText } from "./command-list.js";
import { pick, placeBox } from "./command-pick.js";

const PAGE = 50;
const MOST_GIVEN = 5;

let context = null;
let place = null;
let list = null;
let given = null;
let said = null;
let more = null;
let next = null;
let running = null;
let waiting = [];
const rows = new Map(); // number: { element, one, form }

export function init(handed, element) {
  context = handed;
  place = element;
  given = make("ul", { className: "given-list", "aria-label": t("board.given_list") });
  list = make("ul", { className: "queue", "aria-label": t("board.tab.queue") });
  said = make("p", { className: "empty", role: "status" }, t("shell.loading"));
  more = make("button", { type: "button", className: "more", hidden: true, onclick: () => load({ isMore: true }) }, t("board.more_rows"));
  place.append(make("p", { className: "quiet small queue-intro" }, t("board.queue_intro")), given, list, said, more);
}

export async function load({ isMore = false } = {}) {
  running?.abort();
  const mine = (running = new AbortController());
  try {
    const told = await get("/board/queue", { limit: Math.max(PAGE, isMore ? 0 : waiting.length), cursor: isMore ? next : null }, { signal: mine.signal });
    if (mine !== running) return;
    waiting = isMore ? [...waiting, ...told.incidents] : told.incidents;
    next = told.next;
    draw();
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    if (waiting.length === 0) say(problemText(error));
  }
}

const problemText = (error) => (error instanceof OfflineError ? t("board.offline") : t("shell.went_wrong", { detail: error.message }));

function say(text, isGood = false) {
  said.textContent = text;
  said.hidden = text === "";
  said.classList.toggle("good", isGood);
}

function draw() {
  const numbers = new Set(waiting.map((one) => one.incident.number));
  for (const [number, row] of rows) {
    // A form in which somebody types stays until it is sent or closed.
    if (numbers.has(number) || row.form?.isBusy) continue;
    row.form?.end();
    row.element.remove();
    rows.delete(number);
  }
  waiting.forEach((one, at) => {
    const element = drawn(one);
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  more.hidden = next === null;
  say(waiting.length ? "" : t("board.queue_empty"), waiting.length === 0);
}

function drawn(one) {
  const { incident } = one;
  const known = rows.get(incident.number) ?? { element: make("li", { dataset: { number: incident.number } }), form: null };
  rows.set(incident.number, known);
  known.one = one;
  const facts = make("div", { className: "queue-facts" },
    make("div", { className: "first" },
      make("span", { className: "clock", dataset: { clock: incident.clock_state } }, term("clock", incident.clock_state)),
      incident.is_urgent && make("b", { className: "urgent" }, t("board.urgent")),
      make("span", { className: "what" }, kindName(incident)),
      make("button", { type: "button", className: "plain small", onclick: () => context.bus.open(incident.number) }, `#${incident.number}`)),
    make("div", { className: "third small" }, make("span", { className: "due" }, dueText(incident)),
      make("span", { className: "quiet" }, momentText(incident.reported_at))),
    make("div", { className: "where" }, whereText(one)),
    one.description && make("p", { className: "words" }, one.description));
  const before = known.element.querySelector(".queue-facts");
  if (before) before.replaceWith(facts);
  else known.element.append(facts);
  if (!known.form && one.office && !known.element.querySelector(".queue-actions")) known.element.append(actions(known));
  return known.element;
}

function whereText({ incident, stated, nearest }) {
  if (incident.lon === null) {
    const at = incident.village_name || incident.township_name || stated;
    return at ? t("board.states", { place: at }) : t("board.no_place");
  }
  const spot = `${incident.lon.toFixed(6)}, ${incident.lat.toFixed(6)}`;
  return [
    make("button", { type: "button", className: "plain small", title: t("board.show_place"), onclick: () => context.focus.at(incident.lon, incident.lat) }, spot),
    nearest && make("span", { className: "quiet" }, t("board.nearest", { grid: nearest.name || nearest.grid, distance: metresText(nearest.distance_m) })),
  ];
}

function actions(row) {
  const { nearest } = row.one;
  return make("div", { className: "row queue-actions" },
    nearest && make("button", { type: "button", className: "main", onclick: () => begin(row, { code: nearest.grid, name: nearest.name }) }, t("board.give_nearest")),
    make("button", { type: "button", onclick: () => begin(row) }, t("board.choose_grid")));
}

// The form: which grid, by name or by a press on the map, and why.
function begin(row, found = null) {
  row.element.querySelector(".queue-actions")?.remove();
  const { incident, office } = row.one;
  let chosen = null;
  let key = newKey();
  let unpick = null;
  const told = make("p", { className: "chosen-grid", "aria-live": "polite" });
  const problem = make("p", { className: "message bad", role: "alert", hidden: true });
  const reason = make("input", { value: t("board.reason_given"), maxLength: 400 });
  const submit = make("button", { type: "submit", className: "main", disabled: true }, t("board.give"));
  const choose = (one) => {
    chosen = one;
    key = newKey();
    told.textContent = t("board.goes_to", { grid: one.name || one.code });
    submit.disabled = false;
  };
  const complain = (text) => { problem.textContent = text; problem.hidden = text === ""; };
  const press = make("button", { type: "button", "aria-pressed": "false", onclick: () => {
    if (unpick) { unpick(); unpick = null; press.setAttribute("aria-pressed", "false"); return; }
    press.setAttribute("aria-pressed", "true");
    unpick = pick(context.map, async (lon, lat) => {
      complain("");
      try {
        const located = await get("/locate", { lon, lat });
        if (located.grid) choose({ code: located.grid, name: located.names?.[located.grid] ?? "" });
        else complain(t("board.no_grid_there"));
      } catch (error) {
        complain(problemText(error));
      }
    });
  } }, t("board.press_map"));
  const end = () => { unpick?.(); element.remove(); row.form = null; };
  const element = make("form", { className: "give stack", onsubmit: async (event) => {
    event.preventDefault();
    if (!chosen || submit.disabled) return;
    submit.disabled = true;
    row.form.isBusy = true;
    complain("");
    try {
      await send("POST", `/incidents/${incident.number}/steps`,
        { move: "reassign", office, to: chosen.code, reason: reason.value.trim(), version: row.one.version },
        { headers: { "idempotency-key": key } });
      const name = chosen.name || chosen.code;
      end();
      row.element.remove();
      rows.delete(incident.number);
      waiting = waiting.filter((one) => one.incident.number !== incident.number);
      remember(incident, name);
      draw();
      context.bus.tell("changed", { number: incident.number });
    } catch (error) {
      submit.disabled = false;
      if (row.form) row.form.isBusy = false;
      complain(problemText(error));
      if (error.status === 412) load();
    }
  } },
  placeBox({ label: t("board.grid_by_name"), kinds: ["grid", "village"], chosen: choose, hint: t("board.grid_hint") }),
  make("div", { className: "row" }, press),
  told,
  make("label", {}, make("span", {}, t("board.reason")), reason),
  problem,
  make("div", { className: "row" }, submit, make("button", { type: "button", onclick: () => { end(); row.element.append(actions(row)); } }, t("shell.cancel"))));
  row.form = { isBusy: false, end };
  row.element.append(element);
  if (found) choose(found);
  if (incident.lon !== null) context.focus.at(incident.lon, incident.lat);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end();
    row.element.append(actions(row));
    row.element.querySelector(".queue-actions button").focus();
  });
  (found ? submit : element.querySelector("input")).focus();
}

// What was given last, each with a way to change it again: the card has the same move.
function remember(incident, grid) {
  given.prepend(make("li", {}, make("span", {}, t("board.given", { number: incident.number, grid })), " ",
    make("button", { type: "button", className: "plain small", onclick: () => context.bus.open(incident.number) }, t("board.give_again"))));
  while (given.children.length > MOST_GIVEN) given.lastElementChild.remove();
}
