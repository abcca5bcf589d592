// The form of the filter: how clocks stand, with counts; everything else behind a fold; what is set as chips.
import { byId, data, language, make, t, term } from "./page.js";
import { countText, momentText } from "./formats.js";
import * as categories from "./categories.js";
import * as ground from "./command-ground.js";
import * as live from "./live.js";

const CLOCKS = ["red", "yellow", "due_today", "at_risk", "calm"];
const codesOf = (table) => Object.keys(data.words).filter((key) => key.startsWith(`${table}.`)).map((key) => key.slice(table.length + 1));
const ENDED = ["closed", "evaluated", "invalid"];
const SPANS = { today: null, yesterday: null, "24h": 24, "7d": 168, "30d": 720 }; // hours
const DAY_MS = 86_400_000;

let context = null;
let counts = {};
let known = null; // categories with their sub-categories
let parts = {};

export function init(given) {
  context = given;
  const place = byId("side-filters");
  parts.clocks = make("div", { className: "clock-row", role: "group", "aria-label": t("command.clock_state") });
  parts.chips = make("div", { className: "chips" });
  parts.form = make("details", { className: "filter-form", id: "filter-form" }, make("summary", {}, t("command.more_filters")));
  place.append(parts.clocks, parts.form, parts.chips);
  build();
  context.filter.on(show);
  context.bus.on("map_totals", (told) => {
    counts = told.clock_states;
    clocks();
  });
  ground.onLoaded(() => {
    units();
    show();
  });
  categories.ready()?.then((told) => {
    known = told;
    subCategories();
    show();
  });
  show();
}

export function open() {
  parts.form.open = true;
  parts.form.querySelector("summary").focus();
}

// Take a value of a list of the filter in or out.
export function toggle(name, value) {
  const now = context.filter.get()[name] ?? [];
  const then = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
  // Whoever asks for closed ones does not want only open ones.
  const isOpen = name === "state" && then.some((state) => ENDED.includes(state)) ? { is_open: false } : {};
  context.filter.set({ [name]: then, ...isOpen });
}

function build() {
  const group = (name, values) => make("fieldset", {}, make("legend", {}, t(`command.${name}`)),
    make("div", { className: "choices" }, values.map((value) => make("label", { className: "check" },
      make("input", { type: "checkbox", dataset: { filter: name, value }, onchange: () => toggle(name, value) }), make("span", {}, word(name, value))))));
  const select = (name, label) => {
    parts[name] = make("select", { "aria-label": label });
    return make("label", {}, make("span", {}, label), parts[name]);
  };
  const flag = (name) => make("label", { className: "check" },
    make("input", { type: "checkbox", dataset: { flag: name }, onchange: (event) => context.filter.set({ [name]: event.target.checked }) }), make("span", {}, t(`command.${name}`)));
  const moment = (name) => make("label", {}, make("span", {}, t(`command.${name}`)),
    make("input", { type: "datetime-local", dataset: { moment: name }, step: 60, onchange: (event) => moved(name, event.target) }));
  parts.form.append(make("div", { className: "stack" },
    make("div", { className: "row" }, flag("is_open"), flag("is_urgent")),
    make("div", { className: "two" }, select("township", t("command.township")), select("village", t("command.village"))),
    group("category", codesOf("category")),
    select("sub_category", t("command.sub_category")),
    group("state", codesOf("state")),
    group("grade", codesOf("grade")),
    group("level", [...codesOf("level"), "department"]),
    make("fieldset", {}, make("legend", {}, t("command.reported")),
      make("div", { className: "row" }, Object.keys(SPANS).map((name) => make("button", { type: "button", className: "small", onclick: () => span(name) }, t(`command.span.${name}`)))),
      make("div", { className: "two moments" }, moment("reported_from"), moment("reported_before")),
      make("p", { className: "problem small", id: "moment-problem", role: "alert" })),
  ));
  parts.township.addEventListener("change", () => choose(parts.township.value));
  parts.village.addEventListener("change", () => choose(parts.village.value || parts.township.value));
  parts.sub_category.addEventListener("change", () => context.filter.set({ sub_category: parts.sub_category.value }));
}

function choose(unit) {
  context.filter.set({ unit });
  if (unit) context.focus.unit(unit);
  else context.focus.home();
}

// A span that ends now, or a local day.
function span(name) {
  const now = live.now().getTime();
  const today = Math.floor((now + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000;
  const from = SPANS[name] ? now - SPANS[name] * 3_600_000 : name === "today" ? today : today - DAY_MS;
  context.filter.set({ reported_from: local(new Date(from)), reported_before: name === "yesterday" ? local(new Date(today)) : null });
}

// An instant in the words of the service, in local time: 2018-10-31T15:00:00+08:00.
export const local = (at) => `${new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;

function moved(name, input) {
  const value = input.value ? `${input.value.slice(0, 16)}:00+08:00` : null;
  const after = { ...context.filter.get(), [name]: value };
  const isWrong = after.reported_from && after.reported_before && Date.parse(after.reported_from) >= Date.parse(after.reported_before);
  byId("moment-problem").textContent = isWrong ? t("command.moments_wrong") : "";
  input.setAttribute("aria-invalid", String(Boolean(isWrong)));
  if (!isWrong) context.filter.set({ [name]: value });
}

function units() {
  const all = ground.loaded.units ?? [];
  const areas = all.filter((unit) => unit.level === "area");
  const has = new Set([...(ground.loaded.townships?.code ?? []), ...(ground.loaded.villages?.code ?? [])]);
  const option = (unit, code = unit.code) => make("option", { value: code }, unit.name || unit.code);
  parts.township.replaceChildren(make("option", { value: "" }, t("shell.all")), ...all.filter((unit) => unit.level === "township" && has.has(unit.code)).map((unit) => option(unit)),
    ...(areas.length ? [make("optgroup", { label: t("command.areas") }, ...areas.map((unit) => option(unit, `area:${unit.code}`)))] : []));
}

function villages(township) {
  if (parts.village.dataset.of === township) return;
  parts.village.dataset.of = township;
  const mine = (ground.loaded.units ?? []).filter((unit) => unit.level === "village" && township && unit.code.startsWith(township.slice(0, 9)));
  parts.village.replaceChildren(make("option", { value: "" }, t("shell.all")), ...mine.map((unit) => make("option", { value: unit.code }, unit.name)));
  parts.village.disabled = mine.length === 0;
}

function subCategories() {
  const { category = [], sub_category: chosen } = context.filter.get();
  const groups = (known ?? []).filter((one) => category.length === 0 || category.includes(one.code) || one.sub_categories.some((sub) => sub.code === chosen));
  parts.sub_category.replaceChildren(make("option", { value: "" }, t("shell.all")),
    ...groups.filter((one) => one.sub_categories.length).map((one) => make("optgroup", { label: term("category", one.code) },
      ...one.sub_categories.map((sub) => make("option", { value: sub.code }, sub[`name_${language}`])))));
  parts.sub_category.value = chosen ?? "";
}

function clocks() {
  const { clock_state: chosen = [] } = context.filter.get();
  const before = parts.clocks.contains(document.activeElement) ? document.activeElement.dataset.clock : undefined;
  parts.clocks.replaceChildren(...CLOCKS.map((clock) => make("button", {
    type: "button", className: "clock", dataset: { clock }, "aria-pressed": String(chosen.includes(clock)), onclick: () => toggle("clock_state", clock),
  }, make("b", {}, counts[clock] === undefined ? "–" : countText(counts[clock])), make("span", {}, term("clock", clock)))));
  if (before) parts.clocks.querySelector(`[data-clock="${before}"]`)?.focus();
}

function show() {
  const now = context.filter.get();
  clocks();
  for (const box of parts.form.querySelectorAll("[data-filter]")) box.checked = (now[box.dataset.filter] ?? []).includes(box.dataset.value);
  for (const box of parts.form.querySelectorAll("[data-flag]")) box.checked = Boolean(now[box.dataset.flag]);
  for (const input of parts.form.querySelectorAll("[data-moment]")) {
    const value = now[input.dataset.moment];
    input.value = value ? local(new Date(value)).slice(0, 16) : "";
  }
  const unit = now.unit ?? "";
  const isArea = unit.startsWith("area:");
  parts.township.value = isArea ? unit : unit ? ground.townshipOf(unit) : "";
  villages(isArea ? "" : parts.township.value);
  parts.village.value = !isArea && unit && !unit.endsWith("000") ? ground.villageOf(unit) : "";
  subCategories();
  chips(now);
}

function chips(now) {
  const chip = (text, without) => make("button", { type: "button", className: "chip", title: t("command.take_away", { what: text }), onclick: () => context.filter.set(without) }, text, make("span", { "aria-hidden": "true" }, "✕"));
  const made = [];
  const isBegin = context.filter.isBegin();
  if (now.unit) made.push(chip(unitWords(now.unit), { unit: null }));
  for (const name of ["clock_state", "category", "state", "grade", "level", "card"]) {
    for (const value of now[name] ?? []) made.push(chip(word(name, value), { [name]: now[name].filter((one) => one !== value) }));
  }
  if (now.sub_category) made.push(chip(subName(now.sub_category), { sub_category: null }));
  if (now.is_urgent) made.push(chip(t("command.is_urgent"), { is_urgent: false }));
  const isEnded = now.state?.length > 0 && now.state.every((state) => ENDED.includes(state));
  if (!now.is_open && !isEnded) made.push(chip(t("command.closed_too"), { is_open: true }));
  if (now.reported_from || now.reported_before) {
    const [from, before] = [now.reported_from, now.reported_before].map((at) => (at ? momentText(at) : ""));
    made.push(chip(t("command.window", { from: from || "…", before: before || "…" }), { reported_from: null, reported_before: null }));
  }
  if (!isBegin) made.push(make("button", { type: "button", className: "plain link", id: "filter-reset", onclick: () => context.filter.reset() }, t("command.reset")));
  parts.chips.replaceChildren(...made);
  parts.chips.hidden = made.length === 0;
}

// What a value of a list of the filter is called.
function word(name, value) {
  if (name === "level" && value === "department") return t("command.level_department");
  return term(name === "clock_state" ? "clock" : name, value);
}

function unitWords(unit) {
  return unit.startsWith("area:") ? ground.unitName(unit.slice(5)) : ground.unitName(unit);
}

const subName = (code) => known?.flatMap((one) => one.sub_categories).find((one) => one.code === code)?.[`name_${language}`] ?? code;
