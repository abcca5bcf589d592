// The map itself: where it stands, where it is asked to go, and what pressing it does.
import { byId, data, make, may, t } from "./page.js";
import { get } from "./api.js";
import { countText, metresText } from "./formats.js";
import * as ground from "./command-ground.js";
import * as layers from "./command-layers.js";
import * as positions from "./command-positions.js";
import { answersView } from "./command-people.js";

const NEAR_ZOOM = 16;
const ROOM_ABOVE = 56; // for the totals that lie over the map
let map = null;
let context = null;
let running = null;
let popup = null;
let tip = null;

// Bring something into view: `at(lon, lat)`, `box([west, south, east, north])`, `unit(code)`, `home()`.
export const focus = {
  at(lon, lat, zoom = NEAR_ZOOM) {
    map.setView([lat, lon], Math.max(map.getZoom(), zoom));
  },
  box([west, south, east, north]) {
    map.fitBounds(corners([west, south, east, north]), { padding: [24, 24], maxZoom: NEAR_ZOOM + 1 });
  },
  unit(code) {
    const box = ground.bounds(code) ?? areaBox(code);
    if (box) focus.box(box);
    ground.mark(code);
    return box !== null;
  },
  // Where nearly all grids lie; asked for again there, everything, far islands too.
  home() {
    ground.mark(null);
    const before = map.getBounds().toBBoxString();
    map.fitBounds(corners(data.home), { paddingTopLeft: [16, ROOM_ABOVE], paddingBottomRight: [16, 16], animate: false });
    if (map.getBounds().toBBoxString() === before) focus.box(data.bounds);
  },
};

export function init(given) {
  context = given;
  map = context.map;
  map.fitBounds(corners(data.home), { paddingTopLeft: [16, ROOM_ABOVE], paddingBottomRight: [16, 16], animate: false });
  map.attributionControl?.remove();
  map.on("click", press);
  map.on("contextmenu", (event) => {
    if (may("report_incident")) context.bus.tell("place", { lon: round(event.latlng.lng), lat: round(event.latlng.lat) });
  });
  // With keys: the map moves by arrows, and Enter asks for its middle.
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== map.getContainer()) return;
    const containerPoint = map.getSize().divideBy(2);
    press({ containerPoint, latlng: map.containerPointToLatLng(containerPoint) });
  });
  map.on("mousemove", hover);
  map.on("mouseout movestart", () => untip());
  context.bus.on("show_area", ({ unit }) => focus.unit(unit));
  context.filter.on(({ unit }) => markUnit(unit));
  ground.onLoaded(() => {
    const { unit } = context.filter.get();
    markUnit(unit);
    if (unit && !hasView()) focus.unit(unit);
  });
  map.on("moveend", keepView);
  const view = readView();
  if (view) map.setView([view.lat, view.lon], view.zoom, { animate: false });
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(byId("map-place"));
}

// Where the map stands is kept in the address, so that reload and sharing show the same ground.
function keepView() {
  const { lat, lng } = map.getCenter();
  const address = new URL(location.href);
  address.searchParams.set("at", `${lng.toFixed(5)},${lat.toFixed(5)},${map.getZoom()}`);
  history.replaceState(history.state, "", address);
}

function readView() {
  const found = (new URLSearchParams(location.search).get("at") ?? "").split(",").map(Number);
  const [lon, lat, zoom] = found;
  const isGood = found.length === 3 && found.every(Number.isFinite) && Math.abs(lon) <= 180 && Math.abs(lat) < 85 && zoom >= 0 && zoom <= 20;
  return isGood ? { lon, lat, zoom } : null;
}

const corners = ([west, south, east, north]) => [[south, west], [north, east]];
const hasView = () => readView() !== null;
const round = (degrees) => Math.round(degrees * 1e7) / 1e7;

function markUnit(unit) {
  if (!popup?.isOpen()) ground.mark(unit && !unit.startsWith("area:") ? unit : null);
}

function areaBox(code) {
  const area = ground.loaded.units?.find((unit) => unit.level === "area" && (unit.code === code || `area:${unit.code}` === code));
  const boxes = (area?.grids ?? []).map(ground.bounds).filter(Boolean);
  if (boxes.length === 0) return null;
  return [0, 1].map((at) => Math.min(...boxes.map((box) => box[at]))).concat([2, 3].map((at) => Math.max(...boxes.map((box) => box[at]))));
}

function press(event) {
  const incident = layers.at(event.containerPoint);
  const person = positions.at(event.containerPoint);
  untip();
  if (incident) layers.press(incident);
  else if (person) positions.press(person);
  else answers(event.latlng);
}

function hover(event) {
  const item = layers.at(event.containerPoint);
  const person = item ? null : positions.at(event.containerPoint);
  map.getContainer().classList.toggle("over-mark", Boolean(item ?? person));
  if (!item && !person) {
    untip();
    return;
  }
  const text = item ? layers.tip(item) : positions.tip(person);
  const place = item ?? person;
  tip ??= L.tooltip({ direction: "top", offset: [0, -14], opacity: 1 });
  if (tip.text === text && tip.isOpen()) return;
  tip.text = text;
  tip.setLatLng([place.lat, place.lon]).setContent(make("span", {}, text)).addTo(map);
}

function untip() {
  tip?.remove();
  map.getContainer().classList.remove("over-mark");
}

// Who answers here, exactly as an incident here would find it.
async function answers({ lat, lng }) {
  running?.abort();
  const mine = (running = new AbortController());
  const content = make("div", { className: "ground-card" }, make("p", { className: "quiet" }, t("shell.loading")));
  popup ??= L.popup({ maxWidth: 420, minWidth: 300, autoPanPadding: [16, 60], className: "ground-popup" });
  popup.off("remove").on("remove", () => markUnit(context.filter.get().unit));
  popup.setLatLng([lat, lng]).setContent(content).openOn(map);
  const guess = ground.gridAt(lat, lng);
  ground.mark(guess);
  try {
    const found = await get("/locate", { lon: round(lng), lat: round(lat) }, { signal: mine.signal });
    if (mine !== running || !popup.isOpen()) return;
    if (found.grid !== guess) ground.mark(found.grid || null);
    content.replaceChildren(...card(found, { lat, lng }));
    popup.update();
    if (found.grid) await counts(found.grid, content.querySelector(".counts"), mine);
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    content.replaceChildren(make("p", { className: "message bad" }, error.status === 403 ? t("command.not_your_unit") : t("shell.went_wrong", { detail: error.message })));
    popup.update();
  }
}

function card(found, { lat, lng }) {
  const report = may("report_incident") && make("button", { type: "button", className: "main", onclick: () => act(() => context.bus.tell("report", { lon: round(lng), lat: round(lat) })) }, t("command.report_here"));
  if (!found.grid) {
    return [make("h3", {}, t("command.no_grid")), make("p", { className: "quiet" }, t("command.border_away", { metres: metresText(found.border_distance_m) })), make("div", { className: "row" }, report)].filter(Boolean);
  }
  const [village, township] = [ground.villageOf(found.grid), ground.townshipOf(found.grid)];
  const others = found.alternatives.filter((one) => one.grid !== found.grid);
  const only = (unit, text) => make("button", { type: "button", className: "plain link", onclick: () => act(() => context.filter.set({ unit })) }, text);
  return [
    make("h3", {}, ground.unitName(found.grid)),
    make("p", { className: "quiet small" }, `${ground.unitName(township)} · ${ground.unitName(village)}`, make("br"), found.grid, " · ", t("command.border_away", { metres: metresText(found.border_distance_m) })),
    others.length ? make("p", { className: "small" }, t("command.border_near", { grids: others.map((one) => ground.unitName(one.grid)).join("、") })) : null,
    make("p", { className: "counts", role: "status" }, t("shell.loading")),
    ...(found.answers ? answersView([{ ...found.answers, grid: found.grid }], Object.fromEntries(ground.loaded.names ?? [])) : []),
    make("div", { className: "row" }, report, only(found.grid, t("command.only_grid")), only(village, t("command.only_village")), only(township, t("command.only_township"))),
  ].filter(Boolean);
}

function act(doing) {
  map.closePopup();
  doing();
}

async function counts(code, place, mine) {
  const { unit, ...rest } = context.filter.get();
  const told = await get("/map/units", { ...rest, unit: code, by: "grid" }, { signal: mine.signal });
  if (mine !== running || !place.isConnected) return;
  const { total, units } = told;
  const people = units.unit.length ? units.residents[0] + units.migrants[0] : 0;
  place.replaceChildren(
    make("b", {}, countText(total.count)), ` ${t("command.under_filter")}`,
    total.overdue ? make("span", {}, " · ", make("span", { className: "clock", dataset: { clock: "red" } }, t("command.overdue", { count: countText(total.overdue) }))) : "",
    people ? make("span", { className: "quiet" }, ` · ${t("command.people", { count: countText(people) })}`) : "",
  );
  popup.update();
}
