// The map itself: where it stands, where it is asked to go, and pressing it for a position.
import { data } from "./page.js";

const NEAR_ZOOM = 16;
let map = null;

// Bring something into view: `at(lon, lat)`, `box([west, south, east, north])`, `home()`.
export const focus = {
  at(lon, lat, zoom = NEAR_ZOOM) {
    map.setView([lat, lon], Math.max(map.getZoom(), zoom));
  },
  box([west, south, east, north]) {
    map.fitBounds([[south, west], [north, east]], { padding: [24, 24], maxZoom: NEAR_ZOOM + 1 });
  },
  home() {
    focus.box(data.bounds);
  },
};

export function init(context) {
  map = context.map;
  focus.home();
  map.on("contextmenu", (event) => context.bus.tell("place", { lon: event.latlng.lng, lat: event.latlng.lat }));
}
