// Named places on the map: fetched when they are first wanted, their names where there is room.
import { get } from "./api.js";
import { Marks } from "./command-marks.js";

const FROM = 14;
const NAMES_FROM = 16;
let map = null;
let marks = null;
let asked = null;
let isWanted = false;

export function init(context) {
  map = context.map;
  map.createPane("places").style.zIndex = 430;
  marks = new Marks({ pane: "places", paint });
  map.on("zoomend", apply);
}

export function show(is) {
  isWanted = is;
  apply();
}

function apply() {
  const isShown = isWanted && map.getZoom() >= FROM;
  if (!isShown) {
    marks.remove();
    return;
  }
  marks.addTo(map);
  asked ??= get("/map/places").then((told) => {
    marks.setItems(told.code.map((code, at) => ({ code, kind: told.kind[at], name: told.name[at], lon: told.lon[at], lat: told.lat[at], radius: 4 })));
  }, () => { asked = null; });
}

function paint(to, item, x, y) {
  to.beginPath();
  to.rect(x - 3, y - 3, 6, 6);
  to.fillStyle = "#6b4e9b";
  to.fill();
  to.strokeStyle = "#ffffff";
  to.lineWidth = 1.5;
  to.stroke();
  if (map.getZoom() < NAMES_FROM) return;
  to.font = "11px system-ui, sans-serif";
  to.textAlign = "center";
  to.textBaseline = "top";
  to.lineWidth = 3;
  to.strokeText(item.name, x, y + 5);
  to.fillStyle = "#4b3573";
  to.fillText(item.name, x, y + 5);
}
