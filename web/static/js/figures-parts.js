// Parts of the figures page: a figure's name that tells what it means, values as text, tiles, changes, tables.
import { data, make, t } from "./page.js";
import { countText, shareText, tenthText } from "./formats.js";

const SHARES = new Set(["closing_rate", "response_rate", "on_time_rate", "satisfaction", "self_handled_share"]);
const HOURS = new Set(["response_hours", "handling_hours"]);
// Which way is the better one; of the others neither is.
const BETTER = { closing_rate: 1, response_rate: 1, on_time_rate: 1, satisfaction: 1, response_hours: -1, handling_hours: -1, overdue: -1, reopened: -1 };
const OWN = {
  overdue_now: [t("figures.label.overdue_now"), t("figures.meaning.overdue_now")],
  per_patroller: [t("figures.label.per_patroller"), t("figures.meaning.per_patroller")],
  in_time: [t("figures.label.in_time"), t("figures.meaning.in_time")],
};
export const DEFINITIONS = { ...data.definitions, ...OWN };

let tips = 0;

export const labelOf = (name) => DEFINITIONS[name]?.[0] ?? name;

// The name of a figure; pressed, pointed at or reached by the keyboard it says what it means.
export function defined(name, text = labelOf(name)) {
  const id = `tip-${++tips}`;
  const press = make("button", { type: "button", className: "plain term", "aria-describedby": id, onkeydown: (event) => {
    if (event.key === "Escape") event.currentTarget.blur();
  } }, text);
  return make("span", { className: "defined" }, press, make("span", { className: "tip", role: "tooltip", id }, DEFINITIONS[name][1]));
}

export function valueText(name, value) {
  if (value === null || value === undefined) return "–";
  if (SHARES.has(name)) return shareText(value);
  return HOURS.has(name) || name === "per_patroller" ? tenthText(value) : countText(value);
}

const signed = (text, value) => (value > 0 ? `+${text}` : text);

// How a figure has changed: counts in per cent, shares in points, hours in hours.
export function change(name, now, before) {
  if (now === null) return make("span", { className: "change" }, "\u00a0");
  if (before === null || (before === 0 && now !== 0 && !SHARES.has(name) && !HOURS.has(name))) return make("span", { className: "change quiet" }, t("figures.no_before"));
  const by = now - before;
  const told = SHARES.has(name) ? t("figures.points", { count: signed(tenthText(100 * by), by) })
    : HOURS.has(name) ? t("figures.hours", { count: signed(tenthText(by), by) })
      : signed(shareText(by / (before || 1)), by);
  const isSame = /^[+-]?0([.,]0)?\D*$/.test(told);
  const way = isSame ? 0 : Math.sign(by) * (BETTER[name] ?? 0);
  return make("span", { className: `change ${way > 0 ? "better" : way < 0 ? "worse" : "quiet"}`, title: t("figures.compared", { before: valueText(name, before) }) },
    isSame ? t("figures.no_change") : `${by > 0 ? "▲" : "▼"} ${told}`);
}

export function tile(name, now, before) {
  return make("div", { className: "figure-tile", dataset: { figure: name } },
    defined(name), make("b", {}, valueText(name, now)), before === undefined ? make("span", { className: "change" }, "\u00a0") : change(name, now, before));
}

// A table with a caption for those who hear it; columns: [[heading or what makes it, row => text, isNumber]].
export function table(title, columns, rows) {
  const cell = (row, [, of, isNumber], first) => make(first ? "th" : "td", { className: isNumber ? "number" : "", scope: first ? "row" : null }, of(row));
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": title }, make("table", {},
    make("caption", { className: "heard" }, title),
    make("thead", {}, make("tr", {}, columns.map(([head, , isNumber]) => make("th", { scope: "col", className: isNumber ? "number" : "" }, typeof head === "function" ? head() : head)))),
    make("tbody", {}, rows.map((row) => make("tr", {}, columns.map((column, place) => cell(row, column, place === 0)))))));
}
