// The ground of the map: borders by level, names by zoom, which grid lies where, and shading by a figure.
import { data, make, t } from "./page.js";
import { get } from "./api.js";
import * as live from "./live.js";

const LEVELS = ["land", "township", "village", "grid"];
const LOOKS = [
  { colour: "#5b6b7a", weight: 1.6, from: 0 },
  { colour: "#66707c", weight: 2.2, from: 0 },
  { colour: "#8d99a6", weight: 1.1, from: 12 },
  { colour: "#b3bcc6", weight: 0.8, from: 13 },
];
const LAND = "#f8f6f1";
const NAMES_FROM = { township: [9, 12], village: [13, 14], grid: [15, 22] };
const NAME_PX = { township: 15, village: 13, grid: 12 };
const CHOSEN = { color: "#00598c", weight: 3.5, fill: false, interactive: false };

export const loaded = {}; // ground as the service tells it, with `names` of all units by code
const listeners = new Set();
let map = null;
let grids = []; // { code, box, rings, polygon }
let byCode = new Map();
let borders = [];
let shownLevels = new Set(LEVELS);
let hasNames = true;
let chosen = null;
let names = null;
let lands = null;

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
  lands = L.layerGroup().addTo(map);
  map.on("zoomend", showBorders);
  map.on("moveend", showNames);
  live.on("edition", load);
  await load();
}

async function load() {
  if (data.edition === null) return;
  const number = await inForce();
  const [ground, units] = await Promise.all([get(`/editions/${number}/ground`), allUnits()]);
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

function build() {
  const scale = 10 ** loaded.digits;
  const lines = loaded.lines.map((steps) => {
    let lon = 0;
    let lat = 0;
    const points = new Array(steps.length / 2);
    for (let at = 0; at < steps.length; at += 2) {
      lon += steps[at];
      lat += steps[at + 1];
      points[at / 2] = [lat / scale, lon / scale];
    }
    return points;
  });
  const fills = L.canvas({ pane: "ground", padding: 0.3 });
  lands.clearLayers();
  grids = loaded.grids.code.map((code, place) => {
    const rings = loaded.grids.rings[place].map((ring) => ring.flatMap((number) => {
      const line = number >= 0 ? lines[number] : [...lines[-1 - number]].reverse();
      return line.slice(0, -1);
    }));
    const polygon = L.polygon(rings, {
      renderer: fills, stroke: true, color: LAND, weight: 0.7, fillColor: LAND, fillOpacity: 1, interactive: false, smoothFactor: 1.5,
    });
    lands.addLayer(polygon);
    const flat = rings.flat();
    const lats = flat.map((pair) => pair[0]);
    const lons = flat.map((pair) => pair[1]);
    return { code, rings, polygon, box: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)] };
  });
  byCode = new Map(grids.map((grid) => [grid.code, grid]));
  for (const border of borders) border.remove();
  const strokes = L.canvas({ pane: "borders", padding: 0.3 });
  borders = LEVELS.map((_, level) => L.polyline(lines.filter((line, number) => loaded.level[number] === level), {
    renderer: strokes, color: LOOKS[level].colour, weight: LOOKS[level].weight, interactive: false, smoothFactor: 1.5,
  }));
  showBorders();
  showNames();
}

function showBorders() {
  // The important ones are drawn last, over the others.
  for (let level = borders.length - 1; level >= 0; level -= 1) {
    const isShown = shownLevels.has(LEVELS[level]) && map.getZoom() >= LOOKS[level].from;
    borders[level].remove();
    if (isShown) borders[level].addTo(map);
  }
}

// Which borders and whether names are shown: { township, village, grid, names }.
export function show(parts) {
  shownLevels = new Set(["land", ...LEVELS.filter((name) => parts[name])]);
  hasNames = parts.names;
  if (borders.length) showBorders();
  showNames();
}

// Fill every grid: `colourOf(code)` of a grid's code gives a colour, or null for the land's own.
export function shade(colourOf) {
  for (const { code, polygon } of grids) {
    const colour = colourOf?.(code) ?? LAND;
    if (polygon.options.fillColor !== colour) polygon.setStyle({ fillColor: colour, color: colour });
  }
}

// The code of the grid that lies here as drawn, else null; the service knows it exactly.
export function gridAt(lat, lon) {
  for (const { code, box, rings } of grids) {
    if (lon < box[0] || lon > box[2] || lat < box[1] || lat > box[3]) continue;
    let isInside = false;
    for (const ring of rings) {
      for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
        const [lat1, lon1] = ring[at];
        const [lat2, lon2] = ring[before];
        if (lat1 > lat !== lat2 > lat && lon < ((lon2 - lon1) * (lat - lat1)) / (lat2 - lat1) + lon1) isInside = !isInside;
      }
    }
    if (isInside) return code;
  }
  return null;
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
  const taken = [];
  const px = NAME_PX[level];
  units.code.forEach((code, place) => {
    const [lat, lon] = [units.lat[place], units.lon[place]];
    if (!view.contains([lat, lon])) return;
    const text = shortName(code, level);
    const { x, y } = map.latLngToContainerPoint([lat, lon]);
    const half = (px * [...text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 255 ? 1 : 0.55), 0)) / 2 + 3;
    const box = [x - half, y - px * 0.7, x + half, y + px * 0.7];
    if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
    taken.push(box);
    const icon = L.divIcon({ className: `map-name ${level}`, html: make("span", {}, text), iconSize: [0, 0] });
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

export const noGround = () => make("p", { className: "message" }, t("command.no_ground"));
