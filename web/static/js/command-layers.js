// Incidents on the map: clusters by their worst clock, points by clock and category, what is new pulses; and the totals.
import { byId, make, t, term } from "./page.js";
import { get, OfflineError } from "./api.js";
import { countText } from "./formats.js";
import * as live from "./live.js";
import { Marks } from "./command-marks.js";
import * as ground from "./command-ground.js";

const CELL_PX = 64;
const MOST_POINTS = 400;
const SOON_MS = 80;
const LIVE_MS = 600;
const LATEST_MS = 2_000;
const MINUTE_MS = 60_000;
const MOST_PULSES = 24;
const PULSE_MS = 2_600;

const ENDED = ["closed", "evaluated", "invalid"];
let context = null;
let marks = null;
let running = null;
let timer = 0;
let askedAt = 0;
let isShown = true;
let colours = {};
let answer = null;
let chosen = null;
let pulses = 0;
const shape = { public_security_hazards: "triangle", livelihood_services: "circle", disputes: "diamond", central_tasks: "square", other: "hexagon" };
export const SHAPES = shape;
// On a wall everything is larger, as its type is.
const LARGE = (parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--type")) || 14) / 14;

export function init(given) {
  context = given;
  const { map } = context;
  colours = clockColours();
  map.createPane("incidents").style.zIndex = 450;
  map.createPane("pulses").style.zIndex = 455;
  map.getPane("pulses").style.pointerEvents = "none";
  marks = new Marks({ pane: "incidents", paint }).addTo(map);
  map.on("moveend", () => soon(SOON_MS));
  map.on("resize", () => soon(SOON_MS));
  context.filter.on(() => load());
  for (const name of ["incident_gone", "incidents_changed", "register", "edition"]) live.on(name, () => soon(LIVE_MS));
  for (const name of ["reset", "current"]) live.on(name, () => load());
  live.on("incident", (told) => {
    pulse(told);
    soon(LIVE_MS);
  });
  context.bus.on("changed", () => soon(0));
  context.bus.on("open", ({ number }) => choose(number));
  context.bus.on("close", () => choose(null));
  document.addEventListener("visibilitychange", () => !document.hidden && soon(0));
  addEventListener("online", () => load());
  const minutely = () => setTimeout(() => {
    if (!document.hidden) load();
    minutely();
  }, MINUTE_MS - (live.now().getTime() % MINUTE_MS) + 300);
  minutely();
  ground.keepOff(() => (isShown ? marks.items ?? [] : []).map(({ lat, lon, radius }) => ({ ...map.latLngToContainerPoint([lat, lon]), radius })));
  load();
}

export function show(is) {
  isShown = is;
  if (is) marks.addTo(context.map);
  else marks.remove();
}

// What lies under a point of the map: { kind: "cell" | "point", … }, or null.
export const at = (point) => (isShown ? marks.at(point) : null);

export function press(item) {
  if (item.kind === "point") context.bus.open(item.number);
  else if (context.map.getZoom() >= context.map.getMaxZoom()) context.focus.box(item.box);
  else {
    const inner = L.latLngBounds([item.box[1], item.box[0]], [item.box[3], item.box[2]]);
    const zoom = Math.min(Math.max(context.map.getBoundsZoom(inner.pad(0.15)), context.map.getZoom() + 1), context.map.getMaxZoom());
    context.map.setView(inner.getCenter(), zoom);
  }
}

export function tip(item) {
  if (item.kind === "point") {
    return [`#${item.number}`, term("category", item.category), term("state", item.state), term("clock", item.clock), item.isUrgent ? t("command.urgent") : ""].filter(Boolean).join(" · ");
  }
  return [t("command.cell_count", { count: countText(item.count) }), t("command.cell_overdue", { count: countText(item.overdue) }),
    item.urgent ? t("command.cell_urgent", { count: countText(item.urgent) }) : "", t("command.cell_worst", { clock: term("clock", item.clock) })].filter(Boolean).join(" · ");
}

export function clockColours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(["settled", "calm", "at_risk", "due_today", "yellow", "red"].map((clock) => {
    const name = clock.replace("_", "-");
    return [clock, { fill: style.getPropertyValue(`--clock-${name}`).trim(), ink: style.getPropertyValue(`--clock-${name}-ink`).trim() }];
  }));
}

// Many events in a row are one reason to look again, but not for ever.
function soon(wait) {
  const now = Date.now();
  if (timer === 0) askedAt = now;
  clearTimeout(timer);
  timer = setTimeout(load, Math.max(0, Math.min(wait, askedAt + LATEST_MS - now)));
}

async function load() {
  clearTimeout(timer);
  timer = 0;
  running?.abort();
  const mine = (running = new AbortController());
  const view = context.map.getBounds();
  const clip = (value, most) => Math.max(-most, Math.min(most, value));
  const asked = {
    ...context.filter.get(), west: clip(view.getWest(), 180).toFixed(6), east: clip(view.getEast(), 180).toFixed(6),
    south: clip(view.getSouth(), 85).toFixed(6), north: clip(view.getNorth(), 85).toFixed(6),
    zoom: Math.round(context.map.getZoom()), cell_px: CELL_PX, most_points: MOST_POINTS,
  };
  const slow = setTimeout(() => mine === running && document.documentElement.classList.add("map-waits"), 400);
  try {
    const told = await get("/map/incidents", asked, { signal: mine.signal });
    if (mine !== running) return;
    answer = told;
    marks.setItems(items(told));
    ground.replace();
    totals();
  } catch (error) {
    if (error.name === "AbortError" || mine !== running) return;
    fail(error);
  } finally {
    clearTimeout(slow);
    if (mine === running) document.documentElement.classList.remove("map-waits");
  }
}

function items(told) {
  const { words } = told;
  if (told.shown === "points") {
    const { points } = told;
    const found = points.number.map((number, at) => ({
      kind: "point", number, lon: points.lon[at], lat: points.lat[at], category: words.category[points.category[at]],
      state: words.state[points.state[at]], clock: words.clock_state[points.clock_state[at]], rank: points.clock_state[at],
      isUrgent: points.is_urgent[at], radius: 9 * LARGE,
    }));
    return found.sort((one, other) => one.isUrgent - other.isUrgent || one.rank - other.rank);
  }
  const { cells } = told;
  const most = Math.max(...cells.count, 1);
  const found = cells.count.map((count, at) => ({
    kind: "cell", count, overdue: cells.overdue[at], open: cells.open[at], urgent: cells.urgent[at], lon: cells.lon[at], lat: cells.lat[at],
    clock: words.clock_state[cells.worst[at]], box: [cells.west[at], cells.south[at], cells.east[at], cells.north[at]],
    radius: (12 + 14 * Math.sqrt(count / most)) * LARGE,
  }));
  return found.sort((one, other) => one.count - other.count);
}

function paint(to, item, x, y) {
  const { fill, ink } = colours[item.clock] ?? colours.calm;
  to.lineJoin = "round";
  if (item.kind === "point") {
    if (item.number === chosen) ring(to, x, y, 15 * LARGE, "#00598c", 3);
    // What is over was urgent, and alarms nobody.
    const isLoud = item.isUrgent && !ENDED.includes(item.state);
    if (isLoud) ring(to, x, y, 13 * LARGE, colours.red.fill, 2.5);
    outline(to, shape[item.category] ?? "circle", x, y, item.radius);
    to.fillStyle = fill;
    to.fill();
    to.strokeStyle = "#ffffff";
    to.lineWidth = 1.8;
    to.stroke();
    if (isLoud) word(to, "!", x, y + 0.5, ink, 12 * LARGE);
    return;
  }
  const { radius } = item;
  to.beginPath();
  to.arc(x, y, radius, 0, 2 * Math.PI);
  to.fillStyle = fill;
  to.globalAlpha = 0.94;
  to.fill();
  to.globalAlpha = 1;
  ring(to, x, y, radius, "#ffffff", 3.5);
  if (item.overdue > 0) {
    // The overdue part of those that are counted, as a part of the rim.
    to.beginPath();
    to.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * Math.max(item.overdue / item.count, 0.03));
    to.strokeStyle = "#3d0d0a";
    to.lineWidth = 3.5;
    to.stroke();
  }
  word(to, short(item.count), x, y + 0.5, ink, (radius < 15 * LARGE ? 11 : 12) * LARGE);
  if (item.urgent > 0 && item.open > 0) {
    to.beginPath();
    to.arc(x + radius * 0.75, y - radius * 0.75, 7, 0, 2 * Math.PI);
    to.fillStyle = colours.red.fill;
    to.fill();
    ring(to, x + radius * 0.75, y - radius * 0.75, 7, "#ffffff", 1.5);
    word(to, "!", x + radius * 0.75, y - radius * 0.75, "#ffffff", 10);
  }
}

const short = (count) => (count < 1000 ? String(count) : count < 10_000 ? `${(Math.floor(count / 100) / 10).toFixed(1)}k` : `${Math.floor(count / 1000)}k`);

function ring(to, x, y, radius, colour, width) {
  to.beginPath();
  to.arc(x, y, radius, 0, 2 * Math.PI);
  to.strokeStyle = colour;
  to.lineWidth = width;
  to.stroke();
}

function word(to, text, x, y, colour, px) {
  to.fillStyle = colour;
  to.font = `650 ${px}px system-ui, sans-serif`;
  to.textAlign = "center";
  to.textBaseline = "middle";
  to.fillText(text, x, y);
}

export function outline(to, kind, x, y, radius) {
  to.beginPath();
  const corners = { triangle: [3, -90, 1.2], diamond: [4, -90, 1.15], square: [4, -45, 1.15], hexagon: [6, 0, 1] }[kind];
  if (!corners) {
    to.arc(x, y, radius * 0.9, 0, 2 * Math.PI);
    return;
  }
  const [count, first, size] = corners;
  for (let at = 0; at < count; at += 1) {
    const angle = ((first + (360 / count) * at) * Math.PI) / 180;
    to.lineTo(x + radius * size * Math.cos(angle), y + radius * size * Math.sin(angle));
  }
  to.closePath();
}

function choose(number) {
  chosen = number;
  marks.draw();
}

// A quiet mark where something has just happened: a ring that widens and goes.
function pulse(told) {
  if (told.lon === null || told.lon === undefined || document.hidden || !isShown || pulses >= MOST_PULSES) return;
  if (!context.map.getBounds().contains([told.lat, told.lon])) return;
  pulses += 1;
  const icon = L.divIcon({ className: "pulse", iconSize: [0, 0], html: make("i", { style: `--c:${(colours[told.clock_state] ?? colours.calm).fill}` }) });
  const marker = L.marker([told.lat, told.lon], { icon, pane: "pulses", interactive: false, keyboard: false }).addTo(context.map);
  setTimeout(() => {
    marker.remove();
    pulses -= 1;
  }, PULSE_MS);
}

function totals() {
  const all = answer.with_place.count + answer.without_place.count;
  byId("map-totals").replaceChildren(
    make("span", {}, make("b", { id: "map-in-view", dataset: { count: answer.in_view.count } }, countText(answer.in_view.count)), " ", t("command.in_view")),
    make("span", { className: "overdue", hidden: answer.in_view.overdue === 0 }, t("command.overdue", { count: countText(answer.in_view.overdue) })),
    make("span", { className: "quiet" }, make("b", { id: "map-total", dataset: { count: all } }, countText(all)), " ", t("command.in_all")),
    make("span", { className: "quiet", hidden: answer.without_place.count === 0 }, t("command.without_place", { count: countText(answer.without_place.count) })),
  );
  context.bus.tell("map_totals", { all, ...answer });
}

function fail(error) {
  byId("map-totals").replaceChildren(
    make("span", { className: "problem", role: "alert" }, error instanceof OfflineError ? t("command.offline") : t("shell.went_wrong", { detail: error.message })), " ",
    make("button", { type: "button", onclick: () => load() }, t("shell.retry")));
  if (error.status !== 401) soon(5_000);
}
