// The board: what is late, due and open in each unit, the worst first. A name goes into the unit, a number to those incidents.
import { make, t } from "./page.js";
import { countText } from "./formats.js";

const CLOCKS = ["red", "yellow", "due_today", "at_risk"];
const COLUMNS = [...CLOCKS, "open", "count", "urgent", "unassigned"];
const RARE = ["urgent", "unassigned"]; // columns that are there only when they have to say something

let context = null;
let place = null;
let path = null;
let table = null;
let body = null;
let foot = null;
const rows = new Map();

export function init(given, element) {
  context = given;
  place = element;
  path = make("nav", { className: "board-path", "aria-label": t("board.path") });
  body = make("tbody");
  foot = make("tfoot");
  table = make("table", { className: "board", "aria-busy": "true" },
    make("caption", {}, t("board.caption")),
    make("thead", {}, make("tr", {},
      make("th", { scope: "col", id: "board-unit" }),
      COLUMNS.map((name) => make("th", { scope: "col", className: "number", title: t(`board.more.${name}`), dataset: { column: name } },
        make("i", { className: "dot", dataset: { clock: name }, "aria-hidden": "true" }), make("span", {}, t(`board.column.${name}`)))))),
    body, foot);
  place.append(path, make("div", { className: "scroll" }, table), make("p", { className: "empty", hidden: true }));
  say(t("shell.loading"));
}

// What is shown is of another filter; the new one is on its way.
export function wait() {
  table.setAttribute("aria-busy", "true");
}

export function fail() {
  table.removeAttribute("aria-busy");
  say(t("board.no_answer"));
}

export function show(answer) {
  table.removeAttribute("aria-busy");
  table.querySelector("#board-unit").textContent = t(`board.by.${answer.by}`);
  showPath(answer.path);
  for (const name of RARE) table.classList.toggle(`no-${name}`, answer.total[name] === 0);
  // How many in all says something only where closed ones are among them.
  table.classList.toggle("no-count", answer.total.count === answer.total.open);
  const wanted = answer.rows.map((row) => drawn(row, answer.by));
  const codes = new Set(answer.rows.map((row) => row.unit));
  for (const [unit, known] of rows) if (!codes.has(unit)) { known.element.remove(); rows.delete(unit); }
  // Where the order is as it was nothing is moved, so that nobody loses the place where they are.
  wanted.forEach((element, at) => body.children[at] !== element && keepFocus(() => body.insertBefore(element, body.children[at] ?? null)));
  foot.replaceChildren(make("tr", {}, make("th", { scope: "row" }, t("board.sum")), COLUMNS.map((name) => make("td", { className: "number", dataset: { column: name } }, cell(name, answer.total[name], null, t("board.sum"))))));
  say(answer.rows.length ? "" : t("board.nothing"));
}

function say(text) {
  const said = place.querySelector(".empty");
  said.textContent = text;
  said.hidden = text === "";
  table.hidden = text !== "";
}

function keepFocus(act) {
  const focused = document.activeElement;
  act();
  if (focused !== document.activeElement && body.contains(focused)) focused.focus();
}

function showPath(units) {
  path.hidden = units.length === 0;
  const steps = [{ unit: null, name: t("board.everything") }, ...units];
  path.replaceChildren(...steps.map(({ unit, name }, at) => {
    const isLast = at === steps.length - 1;
    return isLast ? make("b", { "aria-current": "true" }, name || unit)
      : make("button", { type: "button", className: "plain", onclick: () => go(unit) }, name || unit);
  }));
}

function drawn(row, by) {
  const name = row.unit ? row.name || row.unit : t("board.no_unit");
  const known = rows.get(row.unit) ?? { element: make("tr", { dataset: { unit: row.unit } }), said: "" };
  rows.set(row.unit, known);
  const said = JSON.stringify([row, by]);
  if (said === known.said) return known.element;
  const before = known.said ? JSON.parse(known.said)[0] : null;
  known.said = said;
  const head = make("th", { scope: "row" }, row.unit
    ? make("button", { type: "button", className: "plain unit", title: name, onclick: () => go(row.unit) }, name)
    : make("span", { className: "quiet" }, name));
  const cells = COLUMNS.map((column) => make("td", { className: before && before[column] !== row[column] ? "number is-new" : "number", dataset: { column } },
    cell(column, row[column], row.unit, name)));
  const at = known.element.contains(document.activeElement) ? document.activeElement.dataset.at : undefined;
  known.element.replaceChildren(head, ...cells);
  known.element.classList.toggle("calm", CLOCKS.every((clock) => row[clock] === 0));
  if (at !== undefined) known.element.querySelector(`[data-at="${at}"]`)?.focus();
  return known.element;
}

// A number is a button to those incidents; `unit` null is the sum, empty those that name no unit.
function cell(column, number, unit, name) {
  if (number === 0) return make("span", { className: "zero", "aria-label": `0` }, "·");
  const isClock = CLOCKS.includes(column);
  const label = t("board.cell", { unit: name, column: t(`board.more.${column}`), count: countText(number) });
  const classes = isClock ? "clock" : column === "unassigned" || column === "urgent" ? "loud-text" : "";
  if (unit === "" && column !== "unassigned") return make("span", { className: classes, dataset: isClock ? { clock: column } : {} }, countText(number));
  return make("button", {
    type: "button", className: `plain cell ${classes}`, "aria-label": label, title: label,
    dataset: isClock ? { clock: column, at: column } : { at: column }, onclick: () => pick(column, unit),
  }, countText(number));
}

function go(unit) {
  context.filter.set({ unit });
  if (unit === null) context.focus?.home();
  else context.bus.tell("show_area", { unit });
}

function pick(column, unit) {
  if (column === "unassigned") {
    context.show("queue", { focus: true });
    return;
  }
  const part = column === "count" ? {} : { is_open: true, clock_state: CLOCKS.includes(column) ? [column] : [], is_urgent: column === "urgent" };
  if (unit) part.unit = unit;
  context.filter.set(part);
  if (unit) context.bus.tell("show_area", { unit });
  context.show("list", { focus: true });
}
