// A new report: by a press on the map, by a place's name, by coordinates, or by telephone without a position. What is typed
// survives a dropped line, a reload and signing in again; it is sent once (`command-draft.js`).
import { byId, language, make, may, t, term } from "./page.js";
import { get } from "./api.js";
import { momentText } from "./formats.js";
import * as live from "./live.js";
import * as draft from "./command-draft.js";
import { lookUp } from "./command-here.js";
import { mark as marked, pick, placeBox } from "./command-pick.js";
import { showSent } from "./command-sent.js";
import { isBack, withSession } from "./session-again.js";

const WAYS = ["map", "search", "coordinates", "none"];
const SOURCES = { map: "map", search: "address", coordinates: "map", none: "" };
const LEAST_WAIT_MS = 2_000;
const MOST_WAIT_MS = 30_000;
const LOOK_MS = 250;
const RED = "#b3261e";
const EMPTY = {
  way: "map", category: "", sub_category: "", grade: "ordinary", description: "", is_urgent: false, is_handled: false,
  lon: null, lat: null, place: "", stated: "", stated_name: "",
};

let context = null;
let categories = null;
let fields = { ...EMPTY };
let waiting = null; // { key, body, since }: what was sent and is not known to have arrived
let form = null; // the parts of the form that is shown
let waitMs = LEAST_WAIT_MS;
let timer = 0;
let isSending = false;
let pin = null;

export function init(given) {
  context = given;
  if (!may("report_incident")) return;
  const button = make("button", { type: "button", className: "main", id: "new-report", onclick: () => show() }, t("report.new"));
  byId("side-actions").append(button);
  context.bus.on("report", (told) => show(told));
  context.bus.on("place", ({ lon, lat }) => show({ lon, lat }));
  context.bus.on("open", () => leave());
  draft.onElsewhere((kept) => {
    // Sent or discarded in another window: this one must not send or show it again.
    if (kept !== null) return;
    fields = { ...EMPTY };
    waiting = null;
    clearTimeout(timer);
    if (form) close();
    mark();
  });
  addEventListener("online", () => tryNow());
  live.on("state", ({ status }) => status === "live" && tryNow());
  addEventListener("focus", () => tryNow());
  const kept = draft.read();
  if (kept) {
    fields = { ...EMPTY, ...kept.fields };
    waiting = kept.waiting ?? null;
    // The card that the address asks for comes first; the button says that a draft is there.
    if ((kept.isOpen || waiting) && context.bus.openNumber() === null) show();
    if (waiting) tryNow();
  }
  mark();
}

// Something was typed, and is kept.
const isBegun = () => JSON.stringify(fields) !== JSON.stringify(EMPTY);

// The button says that a draft is kept, or that a report waits for the line.
function mark() {
  const button = byId("new-report");
  if (!button) return;
  button.textContent = waiting ? t("report.waiting_short") : isBegun() && !form ? t("report.go_on") : t("report.new");
  button.dataset.draft = waiting ? "waiting" : isBegun() && !form ? "begun" : "none";
}

function keep(isOpen = form !== null) {
  if (isBegun() || waiting) draft.keep({ fields, isOpen, waiting });
  else draft.clear();
  mark();
}

async function show(at = {}) {
  if (at.lon !== undefined && !waiting) Object.assign(fields, { way: "map", lon: round(at.lon), lat: round(at.lat), place: "" });
  if (form) {
    refill();
    keep();
    form.title.focus();
    return;
  }
  context.bus.close();
  form = {};
  draw();
  keep();
  form.title.focus();
  categories ??= await get("/categories").catch(() => null);
  if (form) fillCategories();
}

const round = (degrees) => Math.round(degrees * 1e7) / 1e7;

function leave() {
  if (!form) return;
  form.unpick?.();
  pin?.remove();
  pin = null;
  form = null;
  keep(false);
}

function close() {
  leave();
  byId("detail").hidden = true;
  byId("detail").replaceChildren();
}

function discard() {
  if (waiting && !confirm(t("report.discard_waiting"))) return;
  forget();
  close();
}

function forget() {
  clearTimeout(timer);
  fields = { ...EMPTY };
  waiting = null;
  draft.clear();
  mark();
}

function draw() {
  const id = (name) => `report-${name}`;
  const set = (name, value) => { fields[name] = value; keep(); };
  form.title = make("h2", { tabIndex: -1 }, t("report.title"));
  form.category = make("select", { id: id("category"), required: true, onchange: () => { set("category", form.category.value); set("sub_category", ""); fillCategories(); look(); } });
  form.sub = make("select", { id: id("sub"), onchange: () => { set("sub_category", form.sub.value); look(); } });
  form.description = make("textarea", { id: id("description"), rows: 4, maxLength: 4000, oninput: () => set("description", form.description.value), hint: t("report.description_hint") });
  form.grade = make("select", { id: id("grade"), onchange: () => set("grade", form.grade.value) },
    ["simple", "ordinary", "prominent", "major"].map((grade) => make("option", { value: grade }, term("grade", grade))));
  form.urgent = make("input", { type: "checkbox", onchange: () => { set("is_urgent", form.urgent.checked); look(); } });
  form.handled = make("input", { type: "checkbox", onchange: () => set("is_handled", form.handled.checked) });
  form.ways = make("div", { className: "ways", role: "radiogroup", "aria-label": t("report.where") }, WAYS.map((way) => make("label", {},
    make("input", { type: "radio", name: "way", value: way, onchange: () => { set("way", way); wayChosen(); look(); } }),
    make("span", {}, way === "map" ? t("report.way_map") : way === "search" ? t("report.way_search") : way === "coordinates" ? t("report.way_coordinates") : t("report.way_none")))));
  form.way = make("div", { className: "way stack" });
  form.answer = make("div", { className: "report-answer", role: "status", "aria-live": "polite" });
  form.problem = make("p", { className: "message bad", role: "alert", hidden: true });
  form.waiting = make("div", { className: "message waiting", role: "status", hidden: true });
  form.submit = make("button", { className: "main" }, t("report.send"));
  form.fieldset = make("fieldset", { className: "bare stack" },
    make("div", { className: "two" },
      make("label", {}, make("span", {}, t("report.category")), form.category),
      make("label", {}, make("span", {}, t("report.sub_category")), form.sub)),
    make("div", { className: "urgent-box" },
      make("label", { className: "check" }, form.urgent, make("span", {}, make("b", {}, t("report.urgent")))),
      make("p", { className: "small" }, t("report.urgent_means"))),
    make("label", {}, make("span", {}, t("report.description")), form.description),
    make("div", { className: "stack" }, make("h3", {}, t("report.where")), form.ways, form.way),
    form.answer,
    make("details", {}, make("summary", {}, t("report.more")), make("div", { className: "stack" },
      make("label", {}, make("span", {}, t("report.grade")), form.grade),
      make("label", { className: "check" }, form.handled, make("span", {}, t("report.handled"))))));
  const element = make("form", { className: "report stack", "aria-label": t("report.title"), noValidate: true },
    make("header", { className: "card-bar" }, form.title,
      make("button", { type: "button", className: "plain", "aria-label": t("shell.close"), title: t("report.close_keeps"), onclick: close }, "✕")),
    form.fieldset,
    make("div", { className: "report-foot" }, form.waiting, form.problem,
      make("div", { className: "row" }, form.submit, make("button", { type: "button", onclick: discard }, t("report.discard")),
        make("span", { className: "quiet small" }, t("report.kept")))));
  element.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) { event.preventDefault(); close(); }
  });
  byId("detail").replaceChildren(element);
  byId("detail").hidden = false;
  byId("detail").scrollTop = 0;
  refill();
}

function fillCategories() {
  if (!form || categories === null) return;
  const named = (one) => (language === "zh" ? one.name_zh : one.name_en);
  form.category.replaceChildren(make("option", { value: "" }, t("report.choose")),
    ...categories.map((one) => make("option", { value: one.code }, named(one))));
  form.category.value = fields.category;
  const chosen = categories.find((one) => one.code === fields.category);
  form.sub.replaceChildren(make("option", { value: "" }, t("report.any")),
    ...(chosen?.sub_categories ?? []).filter((one) => one.is_open).map((one) => make("option", { value: one.code }, named(one))));
  form.sub.value = fields.sub_category;
  form.sub.disabled = !chosen;
}

// Show what is kept in the fields.
function refill() {
  fillCategories();
  form.description.value = fields.description;
  form.grade.value = fields.grade;
  form.urgent.checked = fields.is_urgent;
  form.handled.checked = fields.is_handled;
  for (const input of form.ways.querySelectorAll("input")) input.checked = input.value === fields.way;
  wayChosen();
  showWaiting();
  look();
}

const put = (lon, lat, place = "") => {
  Object.assign(fields, { lon, lat, place });
  keep();
  if (form) { wayChosen(); look(); }
};

function wayChosen() {
  form.unpick?.();
  form.unpick = null;
  const where = fields.lon === null ? null : `${fields.lon.toFixed(6)}, ${fields.lat.toFixed(6)}`;
  if (fields.way === "map") {
    form.way.replaceChildren(make("p", { className: "hint" }, where ? t("report.at", { where }) : t("report.press")));
    if (!waiting) form.unpick = pick(context.map, (lon, lat) => put(lon, lat));
  } else if (fields.way === "search") {
    form.way.replaceChildren(placeBox({
      label: t("report.search"), value: fields.place, hint: t("report.search_hint"),
      chosen: (found) => (found.lon === null ? state(found) : (put(found.lon, found.lat, found.name), context.focus.at(found.lon, found.lat))),
    }), where && fields.place ? make("p", { className: "quiet small" }, t("report.at", { where })) : "");
  } else if (fields.way === "coordinates") {
    const number = (name, low, high, label) => make("label", {}, make("span", {}, label), make("input", {
      inputMode: "decimal", value: fields[name] ?? "", autocomplete: "off",
      oninput: (event) => {
        const value = Number(event.target.value.trim().replace(",", "."));
        const isGood = event.target.value.trim() !== "" && value >= low && value <= high;
        event.target.setAttribute("aria-invalid", String(!isGood));
        fields[name] = isGood ? round(value) : null;
        fields.place = "";
        keep();
        look();
      },
    }));
    form.way.replaceChildren(make("div", { className: "two" }, number("lon", -180, 180, t("report.lon")), number("lat", -90, 90, t("report.lat"))),
      make("p", { className: "quiet small" }, t("report.datum")));
  } else {
    form.way.replaceChildren(placeBox({
      label: t("report.stated"), kinds: ["grid", "village"], value: fields.stated_name, hint: t("card.grid_hint"), chosen: state,
    }), fields.stated ? make("div", { className: "row" }, make("span", {}, t("report.named"), " ", make("b", {}, fields.stated_name), " ", make("span", { className: "code" }, fields.stated)),
      make("button", { type: "button", className: "plain", onclick: () => { Object.assign(fields, { stated: "", stated_name: "" }); keep(); wayChosen(); look(); } }, t("report.unname"))) : "");
  }
  showPin();
}

// A unit without a point: the report names it.
function state(found) {
  if (!["grid", "village"].includes(found.kind)) {
    context.bus.tell("show_area", { unit: found.code });
    return;
  }
  Object.assign(fields, { way: "none", stated: found.code, stated_name: found.name || found.code });
  keep();
  for (const input of form.ways.querySelectorAll("input")) input.checked = input.value === "none";
  wayChosen();
  look();
}

function showPin() {
  pin?.remove();
  pin = null;
  if (fields.way === "none" || fields.lon === null || fields.lat === null) return;
  pin = marked(context.map, fields.lon, fields.lat, { accuracy_m: accuracy(), circle: { color: RED } });
}

const accuracy = () => (fields.way === "search" ? 50 : 10);

let looked = 0;
let lookTimer = 0;

// What the place means: its grid, who answers, what lies across the border, what was reported there already.
function look() {
  clearTimeout(lookTimer);
  lookTimer = setTimeout(async () => {
    const mine = (looked += 1);
    if (!form) return;
    if (fields.way !== "none" && fields.lon !== null && form.answer.childElementCount === 0) form.answer.replaceChildren(make("p", { className: "quiet" }, t("shell.loading")));
    const found = await lookUp(context, fields, accuracy());
    if (mine === looked) form?.answer.replaceChildren(...found);
  }, LOOK_MS);
}

function problem(text) {
  if (!form) return;
  form.problem.textContent = text;
  form.problem.hidden = !text;
}

function body() {
  const { way, category, sub_category, grade, description, is_urgent, is_handled, lon, lat, stated } = fields;
  const told = { category, sub_category, grade, description: description.trim(), is_urgent, is_handled, reported_at: live.now().toISOString() };
  if (way === "none") return { ...told, stated };
  return { ...told, lon, lat, source: SOURCES[way] };
}

function submit() {
  if (waiting) { tryNow(); return; }
  problem("");
  if (!fields.category) {
    problem(t("report.needs_category"));
    form.category.focus();
    return;
  }
  if (fields.way !== "none" && (fields.lon === null || fields.lat === null)) {
    problem(t("report.needs_place"));
    return;
  }
  waiting = draft.begin(body(), live.now().getTime());
  waitMs = LEAST_WAIT_MS;
  keep();
  showWaiting(true);
  tryNow();
}

// Send what waits; where nothing is known of what became of it, again later.
async function tryNow() {
  if (!waiting || isSending) return;
  isSending = true;
  clearTimeout(timer);
  const mine = waiting;
  showWaiting(true);
  try {
    if (byId("signed-out")) await isBack();
    const told = await withSession(() => draft.deliver(mine));
    if (waiting === mine) sent(told);
  } catch (error) {
    if (waiting !== mine) return;
    if (draft.mayTryAgain(error)) {
      timer = setTimeout(tryNow, Math.max(waitMs, 1000 * (error.retryAfterS ?? 0)));
      waitMs = Math.min(2 * waitMs, MOST_WAIT_MS);
    } else {
      // It was refused, so nothing of it is kept there: mend it and send it anew.
      waiting = null;
      keep();
      problem(error.message);
    }
  } finally {
    isSending = false;
    showWaiting();
    mark();
  }
}

function showWaiting(isTrying = false) {
  if (!form) return;
  form.fieldset.disabled = waiting !== null;
  form.submit.disabled = isTrying && isSending;
  form.submit.textContent = waiting ? t("report.try_now") : t("report.send");
  form.waiting.hidden = waiting === null;
  if (waiting) form.waiting.textContent = isTrying ? t("report.sending") : byId("signed-out") ? t("report.waiting_session") : t("report.waiting", { time: momentText(waiting.since) });
}

function sent(told) {
  const one = told.incident;
  const names = { ...(fields.stated ? { [fields.stated]: fields.stated_name } : {}) };
  forget();
  context.bus.tell("changed", { number: one.number });
  const wasOpen = form !== null;
  if (wasOpen) leave();
  if (!wasOpen && !byId("detail").hidden) return;
  showSent(context, told, names, { close, again: show });
}
