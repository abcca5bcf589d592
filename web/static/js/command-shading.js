// Shading of townships, villages or grids by a figure: open, overdue, or open for each 1,000 people; and its legend.
import { make, t } from "./page.js";
import { get } from "./api.js";
import { countText, tenthText } from "./formats.js";
import * as live from "./live.js";
import * as ground from "./command-ground.js";

const COLOURS = ["#cfe1f2", "#9fc5e3", "#6aa3d0", "#3a7db8", "#1d5796"];
const NONE = "#f8f6f1";
const SOON_MS = 2_000;
export const FIGURES = ["none", "open", "overdue", "rate"];
export const UNITS = ["township", "village", "grid"];

let context = null;
let figure = "none";
let by = "village";
let timer = 0;
let running = null;
let legend = null;
let values = new Map();

export function init(given, place) {
  context = given;
  legend = place;
  context.filter.on(() => load());
  for (const name of ["incident", "incident_gone", "incidents_changed", "edition"]) live.on(name, soon);
  for (const name of ["reset", "current"]) live.on(name, () => load());
  ground.onLoaded(() => load());
}

export function show(wanted, units) {
  figure = wanted;
  by = units;
  load();
}

// What a grid's shade says, for tips: { unit, text }, or null where nothing is shaded.
export function told(code) {
  if (figure === "none") return null;
  const unit = unitOf(code);
  return { unit, text: text(values.get(unit) ?? 0) };
}

const unitOf = (code) => (by === "grid" ? code : by === "village" ? ground.villageOf(code) : ground.townshipOf(code));
const text = (value) => (figure === "rate" ? tenthText(value) : countText(value));

function soon() {
  if (figure === "none" || timer) return;
  timer = setTimeout(load, SOON_MS);
}

async function load() {
  clearTimeout(timer);
  timer = 0;
  running?.abort();
  if (figure === "none") {
    ground.shade(null);
    legend.replaceChildren();
    return;
  }
  const mine = (running = new AbortController());
  try {
    const { units } = await get("/map/units", { ...context.filter.get(), by }, { signal: mine.signal });
    if (mine !== running) return;
    values = new Map(units.unit.map((code, at) => [code, valueOf(units, at)]).filter(([code, value]) => code && value !== null));
    const bounds = breaks([...values.values()].filter((value) => value > 0));
    ground.shade((code) => {
      const value = values.get(unitOf(code)) ?? 0;
      return value > 0 ? COLOURS[bounds.findLastIndex((bound) => value >= bound)] : NONE;
    });
    draw(bounds, units);
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    legend.replaceChildren(make("p", { className: "message bad" }, t("shell.went_wrong", { detail: error.message })));
    if (error.status !== 401) timer = setTimeout(load, 5_000);
  }
}

function valueOf(units, at) {
  if (figure !== "rate") return units[figure][at];
  const people = units.residents[at] + units.migrants[at];
  return people > 0 ? (units.open[at] * 1000) / people : null;
}

// Lower bounds of up to five classes, by quantile and rounded to two digits, rising.
function breaks(found) {
  const sorted = found.sort((one, other) => one - other);
  const made = [];
  for (let step = 0; step < COLOURS.length && sorted.length; step += 1) {
    const value = sorted[Math.floor((sorted.length * step) / COLOURS.length)];
    const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
    const rounded = figure === "rate" ? Math.floor(value / unit) * unit : Math.max(1, Math.floor(value / Math.max(unit, 1)) * Math.max(unit, 1));
    if (made.length === 0 || rounded > made.at(-1) * 1.0001) made.push(rounded);
  }
  return made;
}

function draw(bounds, units) {
  const rows = bounds.map((bound, at) => {
    const upper = bounds[at + 1];
    const words = upper === undefined ? t("command.from_on", { low: text(bound) })
      : figure === "rate" ? `${text(bound)} – ${text(upper)}`
        : upper - 1 <= bound ? text(bound) : `${text(bound)} – ${text(upper - 1)}`;
    return make("li", {}, make("i", { style: `background:${COLOURS[at]}` }), words);
  });
  const nowhere = units.unit.indexOf("");
  const isOpen = legend.querySelector("details")?.open ?? !matchMedia("(max-width: 900px)").matches;
  legend.replaceChildren(make("details", { className: "legend", open: isOpen },
    make("summary", {}, make("b", {}, t(`command.figure.${figure}`))), make("span", { className: "quiet small" }, t(`command.by.${by}`)),
    make("ul", {}, make("li", {}, make("i", { style: `background:${NONE}` }), t("command.none")), ...rows),
    nowhere >= 0 && units.open[nowhere] > 0 ? make("p", { className: "quiet small" }, t("command.without_unit", { count: countText(units.open[nowhere]) })) : null));
}
