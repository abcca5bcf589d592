// Where the map of the wall stands: on the main land, or (`?rotate=60`) on one township after the other, so many seconds each.
import { byId, make, t } from "./page.js";
import { countText } from "./formats.js";
import * as ground from "./command-ground.js";

const LEAST_S = 10;
const MOST_S = 3_600;
const FAR = 0.5; // of the width of the rest: what lies farther off is an island

let context = null;
let at = -1; // -1: everything
let rows = []; // of the board
let outside = []; // codes of townships that the map does not show now

export function init(given) {
  context = given;
  ground.onLoaded(home);
  addEventListener("resize", () => at < 0 && setTimeout(home, 300));
  const asked = Number(new URLSearchParams(location.search).get("rotate"));
  if (asked > 0) setInterval(next, Math.max(LEAST_S, Math.min(MOST_S, asked)) * 1_000);
}

// What the board says of the units: what lies outside of the picture is told beside it.
export function tell(told) {
  rows = told;
  say();
}

function next() {
  const codes = ground.loaded.townships?.code ?? [];
  at = at + 1 >= codes.length ? -1 : at + 1;
  if (at < 0) home();
  else go(codes[at]);
}

function home() {
  at = -1;
  ground.mark(null);
  const { code = [], bounds = [] } = ground.loaded.townships ?? {};
  if (code.length === 0) return;
  const { box, left } = mainLand(code, bounds);
  outside = left;
  context.focus.box(box);
  say();
}

function go(code) {
  ground.mark(code);
  context.focus.box(ground.bounds(code));
  outside = [];
  say(code);
}

// The box of the townships that lie together, beginning with the one of the most grids, and the codes of those far off.
function mainLand(codes, boxes) {
  const grids = new Map(codes.map((code) => [code, 0]));
  for (const grid of ground.loaded.grids.code) grids.set(ground.townshipOf(grid), (grids.get(ground.townshipOf(grid)) ?? 0) + 1);
  const waiting = codes.map((code, place) => ({ code, box: boxes[place] })).sort((one, other) => grids.get(other.code) - grids.get(one.code));
  let box = [...waiting.shift().box];
  for (let isGrown = true; isGrown;) {
    isGrown = false;
    for (const one of [...waiting]) {
      const reach = FAR * Math.max(box[2] - box[0], box[3] - box[1]);
      const isNear = one.box[0] < box[2] + reach && one.box[2] > box[0] - reach && one.box[1] < box[3] + reach && one.box[3] > box[1] - reach;
      if (!isNear) continue;
      box = [Math.min(box[0], one.box[0]), Math.min(box[1], one.box[1]), Math.max(box[2], one.box[2]), Math.max(box[3], one.box[3])];
      waiting.splice(waiting.indexOf(one), 1);
      isGrown = true;
    }
  }
  return { box, left: waiting.map((one) => one.code) };
}

function say(code = at < 0 ? null : ground.loaded.townships.code[at]) {
  for (const row of document.querySelectorAll("#wall-units tr[data-unit]")) {
    if (row.dataset.unit === code) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  const beyond = outside.map((one) => [one, rows.find((row) => row.unit === one)?.open ?? 0]).filter(([, open]) => open > 0)
    .map(([one, open]) => t("wall.outside", { unit: ground.unitName(one), count: countText(open) }));
  byId("wall-where").replaceChildren(...[
    code && make("p", { className: "wall-where" }, ground.unitName(code)),
    ...beyond.map((text) => make("p", { className: "wall-beyond" }, text)),
  ].filter(Boolean));
}
