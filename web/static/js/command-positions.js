// Where those who patrol were last, with the age of it: told again when fixes arrive, stale ones paler.
import { make, may, t } from "./page.js";
import { get } from "./api.js";
import { spanText } from "./formats.js";
import * as live from "./live.js";
import { Marks } from "./command-marks.js";
import * as ground from "./command-ground.js";
import { telephone } from "./command-people.js";

const FRESH_S = 300;
const STALE_S = 1_800;
const OLD_S = 86_400;
const SOON_MS = 1_500;
const AGES_MS = 30_000;
const PEOPLE_FROM = 14; // before, a person is a dot
const NAMES_FROM = 17;

let context = null;
let marks = null;
let isShown = false;
let timer = 0;
let running = null;
let offsetMs = 0;

export const isPossible = () => may("read_positions");

export function init(given) {
  context = given;
  if (!isPossible()) return;
  context.map.createPane("people").style.zIndex = 440;
  marks = new Marks({ pane: "people", paint });
  live.on("fixes", soon);
  for (const name of ["reset", "current"]) live.on(name, soon);
  setInterval(() => isShown && !document.hidden && marks.draw(), AGES_MS);
}

export function show(is) {
  if (!isPossible() || is === isShown) return;
  isShown = is;
  if (is) {
    marks.addTo(context.map);
    load();
  } else {
    running?.abort();
    marks.remove();
  }
}

// Show where a person was last, as a press on them does; false where nothing is known of it.
export async function seek(code) {
  if (!isPossible()) return false;
  const told = await get("/positions").catch(() => null);
  const found = told?.positions.find((one) => one.person === code);
  if (!found) return false;
  offsetMs = Date.parse(told.now) - Date.now();
  context.focus.at(found.lon, found.lat);
  press({ ...found, atMs: Date.parse(found.at) });
  return true;
}

// A person of whom no position is known: their telephone and what they patrol, at the middle of the picture.
export function pressWithout(person) {
  L.popup({ maxWidth: 300 }).setLatLng(context.map.getCenter()).setContent(make("div", { className: "ground-card" },
    make("h3", {}, person.name || person.code),
    make("p", {}, t("command.never_seen")),
    make("p", { className: "quiet small" }, t("command.patrols", { grids: person.grids.map(ground.unitName).join("、") || "–" })),
    make("p", {}, person.telephone ? telephone(person.telephone) : make("span", { className: "quiet" }, t("card.no_telephone"))))).openOn(context.map);
}

export const at = (point) => (isShown ? marks.at(point) : null);

const ageS = (item) => Math.max(0, (Date.now() + offsetMs - item.atMs) / 1000);

export function tip(item) {
  return [item.name || item.person, t("command.seen_ago", { span: spanText(ageS(item) * 1000) })].join(" · ");
}

export function press(item) {
  const content = make("div", { className: "ground-card" },
    make("h3", {}, item.name || item.person),
    make("p", {}, t("command.seen_ago", { span: spanText(ageS(item) * 1000) }), item.grid ? ` · ${t("command.seen_in", { grid: ground.unitName(item.grid) })}` : ""),
    make("p", { className: "quiet small" }, t("command.patrols", { grids: item.grids.map(ground.unitName).join("、") || "–" })),
    make("p", {}, item.telephone ? telephone(item.telephone) : make("span", { className: "quiet" }, t("card.no_telephone"))));
  L.popup({ maxWidth: 300 }).setLatLng([item.lat, item.lon]).setContent(content).openOn(context.map);
}

function soon() {
  if (!isShown || timer) return;
  timer = setTimeout(load, SOON_MS);
}

async function load() {
  clearTimeout(timer);
  timer = 0;
  running?.abort();
  const mine = (running = new AbortController());
  try {
    const told = await get("/positions", {}, { signal: mine.signal });
    if (mine !== running) return;
    offsetMs = Date.parse(told.now) - Date.now();
    const items = told.positions.map((one) => ({ ...one, atMs: Date.parse(one.at), radius: 9 }));
    marks.setItems(items.sort((one, other) => one.atMs - other.atMs));
    context.bus.tell("positions", { count: items.length, fresh: items.filter((one) => ageS(one) < STALE_S).length });
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    context.bus.tell("positions", { error });
    if (error.status !== 401 && error.status !== 403) timer = setTimeout(load, 10_000);
  }
}

// A person: a dot from afar, head and shoulders from near; the older the position, the paler, at last hollow.
function paint(to, item, x, y) {
  const age = ageS(item);
  const colour = age < FRESH_S ? "#006b4f" : "#4a5867";
  to.globalAlpha = age < FRESH_S ? 1 : age < STALE_S ? 0.85 : age < OLD_S ? 0.6 : 0.5;
  if (context.map.getZoom() < PEOPLE_FROM) {
    to.beginPath();
    to.arc(x, y, 2.6, 0, 2 * Math.PI);
    to.fillStyle = age < OLD_S ? colour : "#ffffff";
    to.fill();
    to.strokeStyle = age < OLD_S ? "#ffffff" : colour;
    to.lineWidth = 1;
    to.stroke();
    to.globalAlpha = 1;
    return;
  }
  to.beginPath();
  to.arc(x, y - 4.5, 3.4, 0, 2 * Math.PI);
  to.moveTo(x + 6, y + 7);
  to.arc(x, y + 7, 6, 0, Math.PI, true);
  to.closePath();
  to.lineWidth = 2.4;
  to.strokeStyle = "#ffffff";
  to.stroke();
  if (age < OLD_S) {
    to.fillStyle = colour;
    to.fill();
  } else {
    to.fillStyle = "#ffffff";
    to.fill();
    to.strokeStyle = colour;
    to.lineWidth = 1.4;
    to.stroke();
  }
  if (context.map.getZoom() >= NAMES_FROM) {
    to.font = "12px system-ui, sans-serif";
    to.textAlign = "left";
    to.textBaseline = "middle";
    to.lineWidth = 3;
    to.strokeStyle = "#ffffff";
    to.globalAlpha = age < STALE_S ? 1 : 0.8;
    const text = `${item.name || item.person} · ${spanText(age * 1000)}`;
    to.strokeText(text, x + 10, y);
    to.fillStyle = colour;
    to.fillText(text, x + 10, y);
  }
  to.globalAlpha = 1;
}
