// The ground of the map: borders by level, names by zoom, which grid lies where, and shading by a figure.
import { byId, data, make, t } from "./page.js";
import { get, OfflineError } from "./api.js";
import * as live from "./live.js";
import { Sheet } from "./command-marks.js";

const LEVELS = ["land", "township", "village", "grid"];
const LOOKS = [
  { colour: "#5b6b7a", weight: 1.6, from: 0 },
  { colour: "#66707c", weight: 2.2, from: 0 },
  { colour: "#8d99a6", weight: 1.1, from: 12 },
  { colour: "#b3bcc6", weight: 0.8, from: 13 },
];
const LAND = "#f8f6f1";
const AGAIN_MS = 5_000;
const PATH_ZOOM = 14;
const FINE_FROM = 13;
const COARSE_PX = 2; // at PATH_ZOOM: at most half a pixel where it is drawn
const NAMES_FROM = { township: [9, 12], village: [13, 14], grid: [15, 22] };
const LARGE = (parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--type")) || 14) / 14; // on a wall
const NAME_PX = { township: 15 * LARGE, village: 13 * LARGE, grid: 12 * LARGE };
const SHIFTS = [[0, 0], [0, -16], [0, 16], [0, -30], [0, 30]];
const WIDE_SHIFTS = Array.from({ length: 13 * 15 }, (_, at) => [((at % 13) - 6) * 12, (Math.floor(at / 13) - 7) * 8])
  .sort((one, other) => Math.hypot(...one) - Math.hypot(...other));
const CHOSEN = { color: "#00598c", weight: 3.5, fill: false, interactive: false };

export const loaded = {}; // ground as the service tells it, with `names` of all units by code
const listeners = new Set();
let map = null;
let grids = []; // { code, place, box }
let byCode = new Map();
let paths = null; // of grids and of borders by level, fine ones and coarse ones for far views
let fills = new Map(); // by colour, as paths
let shadeOf = null;
let middle = null;
let sheet = null;
const finder = document.createElement("canvas").getContext("2d");
let shownLevels = new Set(LEVELS);
let hasNames = true;
let again = 0;
let chosen = null;
let names = null;
let marked = () => []; // what names should not cover: { x, y, radius } in pixels of the map

// Told once the ground is there, and again under a new edition.
export function onLoaded(heard) {
  listeners.add(heard);
  if (loaded.grids) heard();
}

export const unitName = (code) => loaded.names?.get(code) ?? code;
export const bounds = (code) => {
  const grid = byCode.get(code);
  if (grid) return grid.box;
  for (const units of [loaded.villages, loaded.townships]) {
    const place = units?.code.indexOf(code) ?? -1;
    if (place >= 0) return units.bounds[place];
  }
  return null;
};
export const villageOf = (code) => code.slice(0, 12);
export const townshipOf = (code) => `${code.slice(0, 9)}000`;

export async function init(context) {
  map = context.map;
  map.createPane("ground").style.zIndex = 200;
  map.createPane("borders").style.zIndex = 250;
  map.createPane("names").style.zIndex = 420;
  map.getPane("names").style.pointerEvents = "none";
  names = L.layerGroup().addTo(map);
  sheet = new Sheet({ pane: "ground", padding: 0.3, paint }).addTo(map);
  map.on("moveend", showNames);
  live.on("edition", load);
  await load();
}

async function load() {
  clearTimeout(again);
  say(null);
  if (data.edition === null) {
    say(make("span", {}, t("command.no_ground")));
    return;
  }
  let ground;
  let units;
  try {
    const number = await inForce();
    [ground, units] = await Promise.all([get(`/editions/${number}/ground`), allUnits()]);
  } catch (error) {
    const words = error instanceof OfflineError ? t("command.offline") : t("shell.went_wrong", { detail: error.message });
    say(make("span", {}, words), " ", make("button", { type: "button", onclick: load }, t("shell.retry")));
    if (error.status !== 401) again = setTimeout(load, AGAIN_MS);
    return;
  }
  Object.assign(loaded, ground, { names: new Map(units.map((unit) => [unit.code, unit.name])), units });
  ground.grids.code.forEach((code, place) => loaded.names.set(code, ground.grids.name[place] || code));
  build();
  listeners.forEach((heard) => heard());
}

// The edition of today; before the first is in force the one to come.
async function inForce() {
  const editions = await get("/editions");
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(live.now());
  return (editions.findLast((one) => one.valid_from <= today) ?? editions.at(-1)).edition;
}

async function allUnits() {
  const found = [];
  let cursor = null;
  do {
    const page = await get("/units", { limit: 1000, cursor });
    found.push(...page.units);
    cursor = page.next;
  } while (cursor);
  return found;
}

// The ground as paths in pixels of one zoom, from its middle: made once, drawn at every zoom by scaling.
function build() {
  const scale = 10 ** loaded.digits;
  const [west, south, east, north] = data.bounds;
  middle = L.latLng((south + north) / 2, (west + east) / 2);
  const origin = map.project(middle, PATH_ZOOM);
  const world = 256 * 2 ** PATH_ZOOM;
  const lines = loaded.lines.map((steps) => {
    let [lon, lat] = [0, 0];
    const fine = [];
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let at = 0; at < steps.length; at += 2) {
      lon += steps[at];
      lat += steps[at + 1];
      const [x, y] = [lon / scale, lat / scale];
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
      const sine = Math.sin((y * Math.PI) / 180);
      fine.push(L.point((x / 360 + 0.5) * world - origin.x, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * world - origin.y));
    }
    return { fine, coarse: L.LineUtil.simplify(fine, COARSE_PX), box };
  });
  paths = Object.fromEntries(["fine", "coarse"].map((kind) => [kind, {
    levels: LEVELS.map((_, level) => {
      const path = new Path2D();
      lines.forEach((line, number) => loaded.level[number] === level && follow(path, line[kind], true));
      return path;
    }),
    grids: loaded.grids.rings.map((rings) => {
      const path = new Path2D();
      for (const ring of rings) {
        ring.forEach((number, at) => follow(path, number >= 0 ? lines[number][kind] : lines[-1 - number][kind].toReversed(), at === 0));
        path.closePath();
      }
      return path;
    }),
  }]));
  grids = loaded.grids.code.map((code, place) => {
    const boxes = loaded.grids.rings[place].flat().map((number) => lines[number >= 0 ? number : -1 - number].box);
    const box = [0, 1].map((at) => Math.min(...boxes.map((one) => one[at]))).concat([2, 3].map((at) => Math.max(...boxes.map((one) => one[at]))));
    return { code, place, box };
  });
  byCode = new Map(grids.map((grid) => [grid.code, grid]));
  shade(shadeOf);
  showNames();
}

function follow(path, points, isFirst) {
  points.forEach(({ x, y }, at) => (isFirst && at === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
}

function paint(to, { min, ratio }) {
  if (!paths) return;
  const zoom = map.getZoom();
  const scale = map.getZoomScale(zoom, PATH_ZOOM);
  const corner = map.project(middle, zoom).subtract(map.getPixelOrigin()).subtract(min);
  const { levels } = paths[zoom < FINE_FROM ? "coarse" : "fine"];
  to.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * corner.x, ratio * corner.y);
  to.lineJoin = "round";
  for (const [colour, { coarse, fine }] of fills) {
    // Over a basemap the land has no colour of its own, and shades let it be seen.
    if (data.basemap && colour === LAND) continue;
    to.globalAlpha = data.basemap ? 0.6 : 1;
    to.fillStyle = colour;
    to.fill(zoom < FINE_FROM ? coarse : fine, "evenodd");
  }
  to.globalAlpha = 1;
  // The important ones last, over the others.
  for (let level = LEVELS.length - 1; level >= 0; level -= 1) {
    if (!shownLevels.has(LEVELS[level]) || zoom < LOOKS[level].from) continue;
    to.strokeStyle = LOOKS[level].colour;
    to.lineWidth = LOOKS[level].weight / scale;
    to.stroke(levels[level]);
  }
}

// Which borders and whether names are shown: { township, village, grid, names }.
export function show(parts) {
  shownLevels = new Set(["land", ...LEVELS.filter((name) => parts[name])]);
  hasNames = parts.names;
  sheet?.draw();
  showNames();
}

// Names keep off what `found()` gives, and are placed anew by `replace()` when that has changed.
export function keepOff(found) {
  marked = found;
}

export const replace = () => map && showNames();

// Fill every grid: `colourOf(code)` of a grid's code gives a colour, or null for the land's own.
export function shade(colourOf) {
  shadeOf = colourOf;
  if (!paths) return;
  fills = new Map();
  for (const { code, place } of grids) {
    const colour = colourOf?.(code) ?? LAND;
    if (!fills.has(colour)) fills.set(colour, { coarse: new Path2D(), fine: new Path2D() });
    fills.get(colour).coarse.addPath(paths.coarse.grids[place]);
    fills.get(colour).fine.addPath(paths.fine.grids[place]);
  }
  sheet.draw();
}

// The code of the grid that lies here as drawn, else null; the service knows it exactly.
export function gridAt(lat, lon) {
  if (!paths) return null;
  const { x, y } = map.project([lat, lon], PATH_ZOOM).subtract(map.project(middle, PATH_ZOOM));
  const found = grids.find(({ box, place }) => lon >= box[0] && lon <= box[2] && lat >= box[1] && lat <= box[3]
    && finder.isPointInPath(paths.fine.grids[place], x, y, "evenodd"));
  return found?.code ?? null;
}

// Draw the outline of a unit or grid boldly; null takes it away.
export function mark(code) {
  chosen?.remove();
  chosen = null;
  if (!code) return;
  const mine = code.length > 12 ? [byCode.get(code)].filter(Boolean)
    : grids.filter((grid) => (code.endsWith("000") && code.length === 12 ? townshipOf(grid.code) : villageOf(grid.code)) === code);
  if (mine.length === 0) return;
  // A line that stands twice lies between two of its own grids: the outline is what stands once.
  const places = new Map(loaded.grids.code.map((one, place) => [one, place]));
  const counts = new Map();
  for (const grid of mine) {
    for (const number of loaded.grids.rings[places.get(grid.code)].flat()) {
      const line = number >= 0 ? number : -1 - number;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
  }
  const scale = 10 ** loaded.digits;
  const outline = [...counts].filter(([, count]) => count === 1).map(([line]) => {
    let lon = 0;
    let lat = 0;
    const steps = loaded.lines[line];
    return Array.from({ length: steps.length / 2 }, (_, at) => {
      lon += steps[2 * at];
      lat += steps[2 * at + 1];
      return [lat / scale, lon / scale];
    });
  });
  chosen = L.polyline(outline, { ...CHOSEN, pane: "borders" }).addTo(map);
}

function showNames() {
  names.clearLayers();
  if (!hasNames || !loaded.grids) return;
  const zoom = map.getZoom();
  const level = Object.keys(NAMES_FROM).find((name) => zoom >= NAMES_FROM[name][0] && zoom <= NAMES_FROM[name][1]);
  if (!level) return;
  const units = { township: loaded.townships, village: loaded.villages, grid: loaded.grids }[level];
  const view = map.getBounds();
  const taken = marked().map(({ x, y, radius }) => [x - radius * 0.9, y - radius * 0.9, x + radius * 0.9, y + radius * 0.9]);
  const px = NAME_PX[level];
  units.code.forEach((code, place) => {
    const [lat, lon] = [units.lat[place], units.lon[place]];
    if (!view.contains([lat, lon])) return;
    const text = shortName(code, level);
    const { x, y } = map.latLngToContainerPoint([lat, lon]);
    const half = (px * [...text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 255 ? 1 : 0.55), 0)) / 2 + 3;
    const boxAt = ([right, down]) => [x + right - half, y + down - px * 0.7, x + right + half, y + down + px * 0.7];
    const isFree = (box) => !taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
    // Beside its point where that is covered.
    const isMine = ([right, down]) => {
      const { lat: at, lng } = map.containerPointToLatLng([x + right, y + down]);
      const grid = gridAt(at, lng);
      return grid !== null && townshipOf(grid) === code;
    };
    const shift = level === "township" ? WIDE_SHIFTS.find((one) => isFree(boxAt(one)) && isMine(one)) : SHIFTS.find((one) => isFree(boxAt(one)));
    if (shift === undefined) return;
    taken.push(boxAt(shift));
    const icon = L.divIcon({ className: `map-name ${level}`, html: make("span", {}, text), iconSize: [0, 0], iconAnchor: [-shift[0], -shift[1]] });
    names.addLayer(L.marker([lat, lon], { icon, pane: "names", interactive: false, keyboard: false }));
  });
}

// Within the name of its village a grid is called by what follows.
function shortName(code, level) {
  const name = unitName(code);
  if (level !== "grid") return name;
  const village = unitName(villageOf(code));
  return name.startsWith(village) && name.length > village.length ? name.slice(village.length) : name;
}

// What is wrong with the ground, over the map; null: nothing.
function say(...parts) {
  byId("map-alerts").replaceChildren(...(parts[0] === null ? [] : [make("p", { className: "message", role: "status" }, ...parts)]));
}
