// The search of the command page: incident numbers, places, units and grids by characters, pinyin or initials, and people.
import { byId, make, may, t, term } from "./page.js";
import { get } from "./api.js";
import * as ground from "./command-ground.js";
import * as positions from "./command-positions.js";
import * as switches from "./command-switch.js";

const WAIT_MS = 150;
const MOST = 8;

let context = null;
let input = null;
let list = null;
let found = [];
let chosen = -1;
let timer = 0;
let running = null;

export function init(given) {
  context = given;
  list = make("ul", { id: "search-found", className: "found", role: "listbox", "aria-label": t("command.search"), hidden: true });
  input = make("input", {
    type: "search", id: "search", role: "combobox", autocomplete: "off", maxLength: 60, hint: t("command.search_hint"), "aria-label": t("command.search"),
    "aria-expanded": "false", "aria-controls": "search-found", "aria-autocomplete": "list",
    oninput: () => { clearTimeout(timer); timer = setTimeout(look, WAIT_MS); },
    onkeydown: key, onblur: () => setTimeout(close, 150), onfocus: () => input.value.trim() && look(),
  });
  byId("side-search").append(make("div", { className: "search" }, input, list));
}

export const focus = () => { input.focus(); input.select(); };

async function look() {
  running?.abort();
  const typed = input.value.trim();
  if (!typed) {
    close();
    return;
  }
  const mine = (running = new AbortController());
  const options = { signal: mine.signal };
  const number = /^#?(\d{1,9})$/.exec(typed)?.[1];
  const asked = [
    number ? get(`/incidents/${number}`, {}, options).then(({ incident }) => [{ kind: "incident", name: `#${incident.number}`, number: incident.number, incident }]) : [],
    may("read_names") && !number ? get("/people", { q: typed, limit: 4 }, options).then((people) => people.map((one) => ({ ...one, kind: "person" }))) : [],
    get("/places", { q: typed, limit: MOST }, options),
  ];
  const answers = await Promise.allSettled(asked);
  if (mine !== running) return;
  const failed = answers.at(-1).status === "rejected" ? answers.at(-1).reason : null;
  found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  draw(failed);
}

function draw(failed) {
  chosen = found.length ? 0 : -1;
  list.replaceChildren(...(found.length ? found.map(option) : [make("li", { className: "quiet", role: "option", "aria-disabled": "true" }, failed ? t("shell.went_wrong", { detail: failed.message }) : t("command.nothing_found"))]));
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  mark();
}

function option(one, at) {
  return make("li", { id: `found-${at}`, role: "option", onpointerdown: (event) => { event.preventDefault(); choose(one); } },
    make("span", {}, one.name), make("span", { className: "quiet small" }, about(one)));
}

function about(one) {
  if (one.kind === "incident") return [t("command.kind.incident"), term("category", one.incident.category), term("state", one.incident.state)].join(" · ");
  if (one.kind === "person") return [t("command.kind.person"), one.code, one.grids.slice(0, 2).map(ground.unitName).join("、")].filter(Boolean).join(" · ");
  const where = one.kind === "village" ? ground.townshipOf(one.code) : one.village;
  return [kindName(one.kind), where && where !== one.code ? ground.unitName(where) : "", one.kind === "grid" || one.kind === "village" ? one.code : ""].filter(Boolean).join(" · ");
}

function kindName(kind) {
  switch (kind) {
    case "centre": return t("command.kind.centre");
    case "school": return t("command.kind.school");
    case "market": return t("command.kind.market");
    case "road": return t("command.kind.road");
    case "compound": return t("command.kind.compound");
    case "township": return t("command.kind.township");
    case "village": return t("command.kind.village");
    case "grid": return t("command.kind.grid");
    case "area": return t("command.kind.area");
    default: return kind;
  }
}

function key(event) {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) look();
    else if (found.length) {
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      mark();
    }
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (!list.hidden && found[chosen]) choose(found[chosen]);
    else look();
  } else if (event.key === "Escape") {
    if (!list.hidden) event.stopPropagation();
    if (list.hidden) input.blur();
    close();
  }
}

function mark() {
  [...list.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === chosen)));
  if (chosen >= 0) {
    input.setAttribute("aria-activedescendant", `found-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function close() {
  running?.abort();
  running = null;
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

// Where somebody was last; without that the grid that they answer for.
async function showPerson(person) {
  if (await positions.seek(person.code)) {
    switches.turnOn("people");
    return;
  }
  if (person.grids.length) context.focus.unit(person.grids[0]);
  positions.pressWithout(person);
}

function choose(one) {
  close();
  if (one.kind === "incident") {
    const { lon, lat } = one.incident;
    if (lon !== null && lon !== undefined) context.focus.at(lon, lat);
    context.bus.open(one.number);
  } else if (one.kind === "person") {
    showPerson(one);
  } else if (["township", "village", "grid", "area"].includes(one.kind)) {
    const unit = one.kind === "area" ? `area:${one.code}` : one.code;
    context.filter.set({ unit });
    context.focus.unit(unit);
  } else if (one.lon !== null) {
    context.focus.at(one.lon, one.lat);
    const mark = L.circleMarker([one.lat, one.lon], { radius: 11, color: "#00598c", weight: 3, fill: false, interactive: false }).bindTooltip(make("span", {}, one.name), { permanent: true, direction: "top", offset: [0, -8] }).addTo(context.map);
    setTimeout(() => mark.remove(), 15_000);
  }
}
