// The command map: wires its parts together.
import { data } from "./page.js";

export const map = window.gisgridMap;
const [west, south, east, north] = data.bounds;
map.fitBounds([[south, west], [north, east]]);
