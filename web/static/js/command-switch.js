// What the map shows: borders, names, places, people, incidents, shading; remembered by this browser; and what marks mean.
import { byId, make, t, term } from "./page.js";
import * as ground from "./command-ground.js";
import * as layers from "./command-layers.js";
import * as places from "./command-places.js";
import * as positions from "./command-positions.js";
import * as shading from "./command-shading.js";

const NAME = "gisgrid.layers";
const BEGIN = { township: true, village: true, grid: true, names: true, incidents: true, places: false, people: false, figure: "none", by: "village" };
let shown = { ...BEGIN };
let menu = null;

export function init(context) {
  try {
    shown = { ...BEGIN, ...JSON.parse(localStorage.getItem(NAME)) };
  } catch {
    // What is kept cannot be read: begin anew.
  }
  if (!shading.FIGURES.includes(shown.figure) || !shading.UNITS.includes(shown.by)) shown = { ...BEGIN };
  const check = (name, label) => make("label", { className: "check" },
    make("input", { type: "checkbox", checked: shown[name], dataset: { layer: name }, onchange: (event) => set({ [name]: event.target.checked }) }), make("span", {}, label));
  const choose = (name, options, label) => make("label", {}, make("span", {}, label),
    make("select", { dataset: { layer: name }, onchange: (event) => set({ [name]: event.target.value }) },
      options.map(([value, words]) => make("option", { value, selected: shown[name] === value }, words))));
  menu = make("details", { className: "menu layers", id: "layer-menu" },
    make("summary", { className: "button", title: t("command.layers") }, t("command.layers")),
    make("div", {},
      check("incidents", t("command.layer.incidents")),
      positions.isPossible() ? check("people", t("command.layer.people")) : null,
      make("p", { className: "quiet small", id: "people-state", role: "status" }),
      check("places", t("command.layer.places")),
      check("township", t("command.layer.township")), check("village", t("command.layer.village")), check("grid", t("command.layer.grid")),
      check("names", t("command.layer.names")),
      choose("figure", shading.FIGURES.map((name) => [name, t(`command.figure.${name}`)]), t("command.shading")),
      choose("by", shading.UNITS.map((name) => [name, t(`command.by.${name}`)]), t("command.shaded_by")),
      signs(),
    ));
  byId("map-layers").append(menu);
  context.bus.on("positions", ({ count, fresh, error }) => {
    byId("people-state").textContent = error ? t("shell.went_wrong", { detail: error.message }) : t("command.people_state", { count, fresh });
  });
  shading.init(context, byId("map-legend"));
  apply();
}

export function toggle(name) {
  set({ [name]: !shown[name] });
  const box = menu.querySelector(`[data-layer="${name}"]`);
  if (box) box.checked = shown[name];
}

export const turnOn = (name) => shown[name] || toggle(name);

function set(part) {
  shown = { ...shown, ...part };
  try {
    localStorage.setItem(NAME, JSON.stringify(shown));
  } catch {
    // Not kept then: it holds for this page.
  }
  apply();
}

function apply() {
  ground.show(shown);
  layers.show(shown.incidents);
  places.show(shown.places);
  positions.show(shown.people);
  if (!shown.people) byId("people-state").textContent = "";
  shading.show(shown.figure, shown.by);
}

// What shapes and colours mean.
function signs() {
  const colours = layers.clockColours();
  const sign = (draw) => {
    const canvas = make("canvas", { width: 40, height: 40, "aria-hidden": "true" });
    const to = canvas.getContext("2d");
    to.scale(2, 2);
    draw(to);
    return canvas;
  };
  const categories = Object.entries(layers.SHAPES).map(([category, kind]) => make("li", {}, sign((to) => {
    layers.outline(to, kind, 10, 10, 7);
    to.fillStyle = "#4a5867";
    to.fill();
  }), term("category", category)));
  const clocks = Object.keys(colours).reverse().map((clock) => make("li", {}, sign((to) => {
    layers.outline(to, "circle", 10, 10, 8);
    to.fillStyle = colours[clock].fill;
    to.fill();
  }), term("clock", clock)));
  return make("details", { className: "signs" }, make("summary", {}, t("command.signs")),
    make("ul", {}, ...clocks, ...categories, make("li", {}, sign((to) => {
      to.strokeStyle = colours.red.fill;
      to.lineWidth = 2.5;
      to.beginPath();
      to.arc(10, 10, 7, 0, 2 * Math.PI);
      to.stroke();
    }), t("command.urgent"))),
    make("p", { className: "quiet small" }, t("command.cluster_more")));
}
