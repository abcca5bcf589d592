// The wall screen: wires its parts. It shows open incidents, is never pressed, and heals by itself.
import { account, byId, t } from "./page.js";
import { dayText, secondText, weekdayText } from "./formats.js";
import * as basemap from "./command-basemap.js";
import * as ground from "./command-ground.js";
import * as layers from "./command-layers.js";
import * as live from "./live.js";
import * as figures from "./wall-figures.js";
import * as health from "./wall-health.js";
import * as rotation from "./wall-rotation.js";
import { enter, isWallLink } from "./wall-link.js";

const STILL_MS = 5_000;
const DRAWN_FOR_PX = 1920; // marks and names on the map are made for a screen of this width; on a wider one they grow
const MOST_SCALE = 4;

if (isWallLink()) {
  // Somebody was signed in here already: the screen is who the link says.
  await enter().then(() => location.reload(), (error) => health.alarm(error.message));
}

const map = window.gisgridMap;
// The parts of the command map want a filter and a bus; here one never changes and the other carries nothing.
const filter = { get: () => ({ is_open: true }), on: () => () => {} };
const bus = { on: () => () => {}, tell: () => {}, open: () => {}, close: () => {}, openNumber: () => null };
const focus = { box: ([west, south, east, north]) => map.fitBounds([[south, west], [north, east]], { padding: [16, 16] }) };
const context = { map, filter, bus, focus };

const scale = Math.max(1, Math.min(MOST_SCALE, innerWidth / DRAWN_FOR_PX));
document.documentElement.style.setProperty("--wall-scale", scale);
if (scale > 1.2) L.Browser.retina = true;
for (const way of ["dragging", "touchZoom", "doubleClickZoom", "scrollWheelZoom", "boxZoom", "keyboard"]) map[way]?.disable();
map.getContainer().removeAttribute("tabindex");
map.attributionControl?.remove();
basemap.init(context);
ground.init(context);
layers.init(context);
health.init();
figures.init({ fed: health.fed, failed: health.failed, units: rotation.tell });
rotation.init(context);
new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(byId("map-place"));
ground.onLoaded(() => { byId("wall-unit").textContent = account?.unit ? ground.unitName(account.unit) : t("wall.whole"); });

// The clock stands where the page stands: it is what tells a picture that is alive from one that hangs.
setInterval(() => {
  const now = live.now();
  byId("wall-time").textContent = secondText(now);
  byId("wall-day").textContent = `${dayText(now)} ${weekdayText(now)}`;
}, 250);

byId("wall-full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen().catch(() => null)));
addEventListener("keydown", (event) => {
  if (event.key === "f" && !event.ctrlKey && !event.metaKey && !event.altKey) byId("wall-full").click();
});

// Who moves the pointer or uses the keys sees the buttons; else they and the pointer are gone.
let still = 0;
function wake() {
  document.documentElement.classList.remove("is-still");
  clearTimeout(still);
  still = setTimeout(() => !byId("wall-tools").contains(document.activeElement) && document.documentElement.classList.add("is-still"), STILL_MS);
}
for (const name of ["pointermove", "keydown", "focusin"]) addEventListener(name, wake);
wake();

document.documentElement.dataset.wall = "ready";
