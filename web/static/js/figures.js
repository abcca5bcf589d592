// The figures page: wires period, unit and charts; what is shown stands in the address.
import { byId, data, language, make, t } from "./page.js";
import { get, OfflineError } from "./api.js";
import { momentText } from "./formats.js";
import { cardElement, cards } from "./figures-cards.js";
import { DEFINITIONS, tile } from "./figures-parts.js";
import { isDay, KINDS, moved, periodName, periodOf, shownDay, span } from "./figures-period.js";

const PAPER_PX = 640;
const AGAIN_MS = 300_000;
const form = byId("figures-form");
const problem = byId("figures-problem");
const charts = byId("figures-charts");
const asTable = new Set();

let period = null;
let unit = "";
let report = null;
let units = [];
let running = null;

const own = data.own_unit;
const isWithin = (code) => !own || own === code || code.startsWith(own.endsWith("000000") ? own.slice(0, 6) : own.endsWith("000") ? own.slice(0, 9) : own);
const townshipOf = (code) => (code.startsWith("area:") || !code ? code : `${code.slice(0, 9)}000`);

function readAddress() {
  const asked = new URLSearchParams(location.search);
  const [kind, from, to] = ["kind", "from", "to"].map((name) => asked.get(name));
  const begin = isDay(from) ? from : data.today;
  if (kind === "span" && isDay(from) && isDay(to) && from <= to) period = span(from, to);
  else period = periodOf(KINDS.includes(kind) && kind !== "span" ? kind : "month", begin);
  unit = asked.get("unit") ?? "";
}

function address() {
  const kept = new URLSearchParams({ kind: period.kind, from: period.from });
  if (period.kind === "span") kept.set("to", period.to);
  if (unit) kept.set("unit", unit);
  return `/figures?${kept}`;
}

function choose(next, { unit: nextUnit = unit } = {}) {
  [period, unit] = [next, nextUnit];
  history.pushState(null, "", address());
  show();
  load();
}

// The form as the address has it.
function show() {
  for (const input of form.elements.kind) input.checked = input.value === period.kind;
  const isSpan = period.kind === "span";
  byId("figures-span").hidden = !isSpan;
  byId("figures-steps").classList.toggle("as-span", isSpan);
  form.elements.from.value = period.from;
  form.elements.to.value = period.to;
  byId("figures-period").textContent = isSpan ? "" : periodName(period);
  byId("figures-later").disabled = moved(period, 1).from > data.today;
  showUnits();
}

function showUnits() {
  const township = townshipOf(unit || own);
  const option = (code, name) => make("option", { value: code }, name);
  const of = (level) => units.filter((one) => one.level === level && isWithin(one.code));
  const [townships, villages] = [byId("figures-township"), byId("figures-village")];
  const areas = own ? [] : units.filter((one) => one.level === "area");
  const isWhole = !own || own.endsWith("000000");
  townships.replaceChildren(...(isWhole ? [option("", t("figures.whole_district"))] : []), ...units.filter((one) => one.level === "township" && (isWithin(one.code) || one.code === townshipOf(own))).map((one) => option(one.code, one.name || one.code)),
    ...(areas.length ? [make("optgroup", { label: t("figures.areas") }, areas.map((one) => option(`area:${one.code}`, one.name || one.code)))] : []));
  // A unit that the register does not know, or before the register has come, is shown by its code.
  if (township && ![...townships.options].some((one) => one.value === township)) townships.append(option(township, township));
  townships.value = township;
  townships.disabled = !isWhole;
  const mine = township && !township.startsWith("area:") ? of("village").filter((one) => townshipOf(one.code) === township) : [];
  const isOneVillage = own && !own.endsWith("000");
  villages.replaceChildren(...(isOneVillage ? [] : [option("", t("shell.all"))]), ...mine.map((one) => option(one.code, one.name || one.code)));
  villages.disabled = mine.length === 0 || isOneVillage;
  villages.value = unit.length >= 12 && !unit.endsWith("000") ? unit.slice(0, 12) : isOneVillage ? own.slice(0, 12) : "";
}

const asked = () => ({ from: period.from, to: period.to, unit, language });

async function load() {
  running?.abort();
  const mine = (running = new AbortController());
  problem.hidden = true;
  charts.setAttribute("aria-busy", "true");
  try {
    const told = await get("/figures/report", asked(), { signal: mine.signal });
    if (mine !== running) return;
    report = told;
    for (const row of told.units) if (!row.key) row.label = t("figures.no_unit");
    render();
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    report = null;
    render();
    complain(error instanceof OfflineError ? t("shell.offline") : error.message, load);
  } finally {
    if (mine === running) charts.setAttribute("aria-busy", "false");
  }
}

function complain(text, again) {
  problem.replaceChildren(text, again ? make("button", { type: "button", onclick: again }, t("shell.retry")) : "");
  problem.hidden = false;
}

function fileOf(grouping, ending) {
  const params = new URLSearchParams(Object.entries({ ...asked(), by: grouping }).filter(([, value]) => value));
  return `/api/v1/exports/figures.${ending}?${params}`;
}

// As many columns of cards as css/figures.css makes of so many pixels.
const columnsIn = (width) => Math.max(1, Math.min(3, Math.floor((width + 16) / 436)));

function render({ width = charts.clientWidth } = {}) {
  if (report === null) {
    byId("figures-tiles").replaceChildren();
    charts.replaceChildren();
    byId("figures-told").textContent = "";
    return;
  }
  const { total, before } = report;
  const whole = own ? own : t("figures.whole_district");
  byId("figures-told").textContent = t("figures.told", {
    unit: report.unit_name || (report.unit ? report.unit.endsWith("000000") ? t("figures.whole_district") : report.unit : whole), moment: momentText(report.as_of),
    first: shownDay(report.first_day), last: shownDay(report.last_day) + (report.last_day >= data.today ? t("figures.not_over") : ""), before_first: shownDay(report.before_first), before_last: shownDay(report.before_last),
  });
  byId("figures-tiles").replaceChildren(
    ...["reported", "closing_rate", "response_rate", "on_time_rate", "response_hours", "handling_hours", "satisfaction", "reopened"].map((name) => tile(name, total[name], before[name])),
    tile("overdue_now", report.overdue_now));
  const list = cards(report);
  const focused = document.activeElement?.closest?.("[data-card]")?.dataset.card;
  charts.replaceChildren(...list.map((card) => cardElement(card, { isTable: asTable.has(card.key), onTable: turn, fileOf, width: (card.isWide ? width : width / columnsIn(width)) - 40 })));
  if (focused) charts.querySelector(`[data-card="${focused}"] button`)?.focus({ preventScroll: true });
  byId("figures-tables").setAttribute("aria-pressed", String(list.every((card) => asTable.has(card.key))));
}

function turn(key, isTable) {
  if (isTable) asTable.add(key);
  else asTable.delete(key);
  render();
}

function spanChosen() {
  const [from, to] = [form.elements.from, form.elements.to];
  const isThere = isDay(from.value) && isDay(to.value);
  const isRight = isThere && from.value <= to.value;
  to.setAttribute("aria-invalid", String(isThere && !isRight));
  if (isRight) choose(span(from.value, to.value));
  else complain(isThere ? t("figures.wrong_span") : t("figures.span_needed"));
}

form.addEventListener("submit", (event) => event.preventDefault());
for (const input of form.elements.kind) {
  input.addEventListener("change", () => {
    // A running period stands for today: from the month of today to its week.
    const day = period.from <= data.today && data.today <= period.to ? data.today : period.from;
    choose(input.value === "span" ? span(period.from, period.to < data.today || period.from > data.today ? period.to : data.today) : periodOf(input.value, day));
  });
}
for (const name of ["from", "to"]) form.elements[name].addEventListener("change", spanChosen);
byId("figures-earlier").addEventListener("click", () => choose(moved(period, -1)));
byId("figures-later").addEventListener("click", () => choose(moved(period, 1)));
byId("figures-township").addEventListener("change", (event) => choose(period, { unit: event.target.value }));
byId("figures-village").addEventListener("change", (event) => choose(period, { unit: event.target.value || byId("figures-township").value }));
byId("figures-tables").addEventListener("click", (event) => {
  const isPressed = event.currentTarget.getAttribute("aria-pressed") === "true";
  for (const { key } of report === null ? [] : cards(report)) isPressed ? asTable.delete(key) : asTable.add(key);
  render();
});
byId("figures-print").addEventListener("click", () => print());
addEventListener("popstate", () => { readAddress(); show(); load(); });
// On paper letters are smaller, so that more stands on a sheet.
addEventListener("beforeprint", () => {
  document.documentElement.style.setProperty("--type-small", "10px");
  render({ width: PAPER_PX });
});
addEventListener("afterprint", () => {
  document.documentElement.style.removeProperty("--type-small");
  render();
});

// A period that is still running goes on; whoever comes back to the page sees it as it is.
let loadedAt = Date.now();
const again = () => {
  if (document.hidden || report === null || report.last_day < data.today || Date.now() - loadedAt < AGAIN_MS) return;
  loadedAt = Date.now();
  load();
};
setInterval(again, AGAIN_MS / 5);
document.addEventListener("visibilitychange", again);

let drawn = 0;
new ResizeObserver(() => {
  // Ticks below a trend and long names depend on the width.
  if (report === null || Math.abs(charts.clientWidth - drawn) < 40 || matchMedia("print").matches) return;
  drawn = charts.clientWidth;
  render();
}).observe(charts);

byId("figures-definitions").querySelector("dl").append(...Object.values(DEFINITIONS).flatMap(([label, meaning]) => [make("dt", {}, label), make("dd", {}, meaning)]));
readAddress();
show();
load();
get("/units", { limit: 1000 }).then((told) => { units = told.units; showUnits(); }, () => null);
