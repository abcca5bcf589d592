// The card of an incident: what, where, whose, by when, what was done; followed live while it is open.
import { byId, language, make, may, t, term } from "./page.js";
import { get, OfflineError } from "./api.js";
import { dayText, deadlineText, metresText, momentText, shareText, spanText } from "./formats.js";
import * as live from "./live.js";
import { answersView, officeName, onCallView, unitName } from "./command-people.js";
import * as moves from "./command-moves.js";
import { mark as marked } from "./command-pick.js";
import * as photos from "./command-photos.js";

const AGAIN_MS = 60_000;
const SOON_MS = 150;
const NEAREST = 5;
const OLDEST_S = 12 * 3600; // an older position says nothing of who is near
const INK = "#1d2733";
const TICK = "gisgrid tick"; // the author of what the clock does
const ADDRESS = /^#incident=(\d{1,15})$/;

let context = null;
let shown = null; // { number, card, parts, halo }
let timer = 0;
let isClockKnown = false; // that of the service, by which times are left or over

export function init(given) {
  context = given;
  moves.init(context);
  context.bus.on("open", ({ number }) => show(number));
  context.bus.on("close", hide);
  live.on("incident", (told) => shown?.number === told.number && told.version > (shown.card?.incident.version ?? 0) && soon());
  live.on("incident_gone", (told) => shown?.number === told.number && say(t("card.gone"), true));
  live.on("state", ({ status }) => {
    isClockKnown ||= status === "live";
    if (shown?.card) shown.parts.head.replaceChildren(...head(shown.card));
  });
  for (const name of ["incidents_changed", "reset", "current"]) live.on(name, () => shown && soon());
  setInterval(() => shown && !document.hidden && load(shown), AGAIN_MS);
  addEventListener("hashchange", fromAddress);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
      if (byId("detail").contains(document.activeElement) || document.activeElement === document.body) context.bus.close();
    }
  });
  fromAddress();
}

function fromAddress() {
  const asked = ADDRESS.exec(location.hash);
  if (asked && Number(asked[1]) !== shown?.number) context.bus.open(Number(asked[1]));
  if (!asked && shown) context.bus.close();
}

function setAddress(text) {
  if (location.hash !== text) history.replaceState(history.state, "", location.pathname + location.search + text);
}

const detail = () => byId("detail");

function show(number) {
  if (shown?.number === number && !detail().hidden) { focusOn(); return; }
  hide({ keepsPlace: true });
  moves.forget();
  shown = { number, card: null, halo: null, parts: {} };
  setAddress(`#incident=${number}`);
  detail().replaceChildren(frame(number));
  detail().hidden = false;
  detail().scrollTop = 0;
  load(shown);
}

function hide({ keepsPlace = false } = {}) {
  if (!shown) return;
  shown.halo?.remove();
  shown = null;
  setAddress("");
  if (!keepsPlace) {
    detail().hidden = true;
    detail().replaceChildren();
  }
}

const focusOn = () => shown?.parts.title?.focus();

function frame(number) {
  const { parts } = shown;
  parts.title = make("h2", { tabIndex: -1 }, `#${number}`);
  parts.head = make("div", { className: "card-head" });
  parts.said = make("div", { className: "card-said", role: "status" });
  parts.moves = make("section", { className: "card-moves no-print" });
  parts.body = make("div", { className: "card-body" }, make("p", { className: "empty" }, t("shell.loading")));
  parts.photos = make("section", { className: "card-photos" });
  parts.steps = make("section", { className: "card-steps" });
  return make("article", { className: "card", "aria-label": t("card.title", { number }), dataset: { number } },
    make("header", { className: "card-bar" }, parts.title,
      make("div", { className: "row no-print" },
        make("button", { type: "button", className: "plain", onclick: () => print() }, t("card.print")),
        make("button", { type: "button", className: "plain", onclick: () => context.bus.close(), "aria-label": t("shell.close") }, "✕"))),
    parts.said, parts.head, parts.moves, parts.body, parts.photos, parts.steps);
}

function say(text, isBad = false, ...more) {
  shown?.parts.said.replaceChildren(...(text ? [make("p", { className: `message ${isBad ? "bad" : "good"}` }, text, " ", ...more)] : []));
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => shown && load(shown), SOON_MS);
}

async function load(wanted) {
  let card;
  try {
    card = await get(`/incidents/${wanted.number}`, { language });
  } catch (error) {
    if (shown !== wanted) return;
    const again = make("button", { type: "button", onclick: () => load(wanted) }, t("shell.retry"));
    if (error instanceof OfflineError) say(wanted.card ? t("card.offline_old") : t("card.offline"), true, again);
    else say(error.status === 404 ? t("card.none", { number: wanted.number }) : t("shell.went_wrong", { detail: error.message }), true,
      error.status === 404 ? "" : again);
    if (!wanted.card) wanted.parts.body.replaceChildren();
    return;
  }
  // Another card was opened meanwhile, or a later answer was quicker.
  if (shown !== wanted || (wanted.card && wanted.card.incident.version > card.incident.version)) return;
  const isFirst = wanted.card === null;
  const before = wanted.card;
  wanted.card = card;
  if (!before || wanted.parts.said.querySelector(".bad")) say("");
  render(wanted, before);
  if (isFirst) {
    mark(wanted);
    focusOn();
  }
}

function render(wanted, before) {
  const { card, parts } = wanted;
  const one = card.incident;
  const changed = before && before.incident.version !== one.version;
  parts.title.replaceChildren(`#${one.number} `, make("span", {}, term("category", one.category)));
  parts.head.replaceChildren(...head(card));
  moves.render(parts.moves, card, { changed: changed ? lastStep(card) : null, done, again: () => load(wanted) });
  parts.body.replaceChildren(...[who(card), where(card), clocks(card), duplicates(card)].filter(Boolean), nearest(wanted));
  if (!before || changed) photos.render(parts.photos, one, () => load(wanted));
  parts.steps.replaceChildren(...timeline(card));
}

// After a move of this page.
function done(text, incident) {
  if (incident.number !== shown?.number) return;
  say(text);
  context.bus.tell("changed", { number: incident.number });
  load(shown);
}

const lastStep = (card) => {
  const step = card.steps.at(-1);
  return step && { who: authorName(step) || officeName(step.office, card.names), what: term("move", step.move), at: momentText(step.at) };
};

function head(card) {
  const one = card.incident;
  const isOpen = !["closed", "evaluated", "invalid"].includes(one.state);
  const state = card.clocks.clock_state;
  const due = nextDue(card);
  const left = due && Date.parse(due) - live.now().getTime();
  return [
    make("div", { className: "row" },
      one.is_urgent && make("span", { className: "tag urgent" }, t("card.urgent")),
      make("span", { className: "clock", dataset: { clock: state } }, term("clock", state)),
      make("span", { className: "tag strong" }, term("state", one.state)),
      make("span", { className: "tag" }, term("grade", one.grade)),
      one.card && one.card !== state && make("span", { className: `tag card-${one.card}` }, term("card", one.card)),
      one.reopened_times > 0 && make("span", { className: "tag" }, t("card.reopened", { n: one.reopened_times }))),
    one.sub_category && make("p", { className: "kind" }, card.kind[language] ?? one.sub_category),
    one.description && make("p", { className: "words" }, one.description),
    isOpen && due && make("p", { className: "due" },
      !isClockKnown ? t("card.due", { when: deadlineText(due) }) : left >= 0 ? t("card.due_in", { when: deadlineText(due), left: spanText(left) }) : t("card.overdue_by", { when: deadlineText(due), late: spanText(-left) })),
    isOpen && make("p", { className: "holder" }, t("card.waits_at"), " ", make("b", {}, officeName(one.holder, card.names)),
      card.telephones[one.holder] && [" ", make("a", { className: "telephone", href: `tel:${card.telephones[one.holder]}` }, card.telephones[one.holder])]),
  ].flat().filter(Boolean);
}

// The clock that runs: response until somebody has answered, then completion with its extension.
function nextDue(card) {
  const { clocks, incident } = card;
  if (!incident.responded_at) return clocks.response_due_at;
  if (!incident.done_at) return clocks.extended_due_at ?? clocks.done_due_at;
  return null;
}

const rows = (...pairs) => make("dl", { className: "facts" }, pairs.filter(Boolean).map(([label, ...text]) =>
  [make("dt", {}, label), make("dd", {}, text.flat().filter((part) => part !== null && part !== undefined && part !== false))]).flat());

const section = (title, ...children) => make("section", {}, make("h3", {}, title), ...children);

function where(card) {
  const one = card.incident;
  const code = (of) => make("span", { className: "code" }, of);
  const place = one.lon === null ? t("card.no_place") : `${one.lon.toFixed(6)}, ${one.lat.toFixed(6)}`;
  const seen = one.lon === null
    ? one.grid && make("button", { type: "button", className: "no-print", onclick: () => context.bus.tell("show_area", { unit: one.grid }) }, t("card.show_grid"))
    : make("button", { type: "button", className: "no-print", onclick: () => context.focus.at(one.lon, one.lat) }, t("card.show_on_map"));
  return section(t("card.where"),
    rows(
      [t("card.grid"), one.grid ? [unitName(one.grid, card.names), " ", code(one.grid)] : make("b", { className: "bad-text" }, t("card.no_grid"))],
      one.answering_grid !== one.grid && [t("card.answering_grid"), unitName(one.answering_grid, card.names), " ", code(one.answering_grid)],
      one.village && [t("card.units"), [one.township, one.village].filter(Boolean).map((unit) => unitName(unit, card.names)).join(" · ")],
      [t("card.how"), term("how", one.how)],
      one.border_distance_m !== null && [t("card.border"), one.grid ? t("card.border_own", { distance: metresText(one.border_distance_m) }) : t("card.border_near", { distance: metresText(one.border_distance_m) })],
      one.alternatives.length > 0 && [t("card.alternatives"), make("ul", { className: "plain-list" }, one.alternatives.map((other) =>
        make("li", {}, unitName(other.grid, card.names), " ", make("b", {}, shareText(other.share)))))],
      [t("card.place"), place, one.accuracy_m ? ` ± ${metresText(one.accuracy_m)}` : "", one.source ? ` · ${term("source", one.source)}` : ""],
      [t("card.reported"), momentText(one.reported_at), one.reporter ? ` · ${personName(one.reporter, card)}` : "", one.source_system ? ` · ${one.source_system} ${one.source_id ?? ""}` : ""],
    ), seen);
}

function who(card) {
  const teams = answersView(card.answers, card.names);
  const isOver = ["closed", "evaluated", "invalid"].includes(card.incident.state);
  return section(isOver ? t("card.who_answered") : t("card.who"),
    teams.length ? teams : make("p", { className: "message bad" }, t("card.nobody")),
    teams.length > 1 && make("p", { className: "quiet small" }, t("card.both_sides")),
    onCallView(card.on_call, card.names));
}

function clocks(card) {
  return section(t("card.clocks"), make("dl", { className: "facts" }, card.clock_lines.map(([label, text]) =>
    [make("dt", {}, label), make("dd", {}, text.split(/; |；/).map((part, at) => make("span", { className: at ? "quiet" : "strong" }, part)))]).flat()),
    card.clocks.asked_due_at && make("p", { className: "message" }, t("card.asked", { day: deadlineText(card.clocks.asked_due_at) })));
}

function duplicates(card) {
  if (card.duplicates.length === 0) return null;
  const mine = card.incident.number;
  return section(t("card.duplicates"), make("ul", { className: "plain-list" }, card.duplicates.map((one) => {
    const other = one.number === mine ? one.of_number : one.number;
    return make("li", { className: "row" },
      make("button", { type: "button", className: "plain link", onclick: () => context.bus.open(other) }, `#${other}`),
      t("card.apart", { distance: metresText(one.distance_m), span: spanText(Math.abs(one.apart_s) * 1000) }),
      one.decision && make("span", { className: "tag" }, one.decision === "same" ? t("card.is_same") : t("card.is_other")),
      !one.decision && one.number === mine && moves.duplicateButtons(card, one, done));
  })));
}

// The nearest patrollers, for those who may see positions; nothing where there are none or the service does not tell.
function nearest(wanted) {
  const place = make("section", { className: "card-nearest", hidden: true });
  const one = wanted.card.incident;
  if (one.lon === null || !may("read_positions")) return place;
  get("/positions", { near_lon: one.lon, near_lat: one.lat, limit: NEAREST }).then((told) => {
    if (shown !== wanted) return;
    const found = told.positions.filter((near) => near.age_s <= OLDEST_S);
    place.hidden = false;
    place.replaceChildren(make("h3", {}, t("card.nearest")), found.length === 0 ? make("p", { className: "quiet small" }, t("card.nobody_near")) : make("ul", { className: "people" }, found.map((near) => {
      const age = near.age_s * 1000;
      return make("li", { className: age > 3_600_000 ? "away" : null },
        make("span", { className: "role" }, metresText(near.distance_m)),
        make("span", { className: "who" }, near.name || near.person, " ", make("span", { className: "quiet small" }, t("card.age", { span: spanText(age) }))),
        near.telephone ? make("a", { className: "telephone", href: `tel:${near.telephone}` }, near.telephone) : "");
    })));
  }).catch(() => null);
  return place;
}

// Who reported, by name where the person is one of those who answer here.
function personName(code, card) {
  const known = card.answers.flatMap((answer) => answer.people).find((one) => one.person === code && one.name);
  return known ? known.name : code;
}

// What runs out by itself is nobody's doing.
const authorName = (step) => (step.author === TICK ? t("card.by_clock") : step.author);

function timeline(card) {
  return [make("h3", {}, t("card.steps")),
    make("ol", { className: "steps" },
      make("li", {}, make("time", {}, momentText(card.incident.reported_at)), make("b", {}, term("move", "report")),
        card.incident.reporter && make("span", { className: "quiet" }, personName(card.incident.reporter, card))),
      card.steps.map((step) => make("li", { dataset: { move: step.move } },
        make("time", { dateTime: step.at, title: dayText(step.at) }, momentText(step.at)),
        make("b", {}, term("move", step.move)),
        make("span", { className: "quiet" }, [step.office && officeName(step.office, card.names), authorName(step)].filter(Boolean).join(" · ")),
        make("span", { className: "quiet" }, `→ ${officeName(step.holder, card.names)}${language === "zh" ? "，" : ", "}${term("state", step.state)}`),
        step.reason && make("q", {}, step.reason))))];
}

// The open incident on the map: a ring, and the circle of its accuracy.
function mark(wanted) {
  const one = wanted.card.incident;
  if (one.lon === null) return;
  wanted.halo = marked(context.map, one.lon, one.lat, {
    accuracy_m: one.accuracy_m, circle: { color: INK }, ring: { radius: 17, color: INK, weight: 3, fill: false },
  });
}
