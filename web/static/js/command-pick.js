// Choosing a place: by pressing the map, or by typing a name, pinyin, initials or a code; marking it on the map.
import { make, t, term } from "./page.js";
import { get } from "./api.js";

const WAIT_MS = 200;
const PANE = "marked";
let stop = null;
let drawing = null;

// Ask for one press on the map; `heard(lon, lat)` is told. What lies on the map does not hear of that press. Gives the way to
// ask no longer; a second asking ends the first.
export function pick(map, heard) {
  stop?.();
  const place = map.getContainer().parentElement;
  const pressed = (event) => {
    if (event.target.closest(".leaflet-control, .map-over") || map.dragging.moved()) return;
    event.stopPropagation();
    const { lng, lat } = map.mouseEventToLatLng(event);
    heard(Math.round(lng * 1e7) / 1e7, Math.round(lat * 1e7) / 1e7);
  };
  place.addEventListener("click", pressed, true);
  place.classList.add("picking");
  stop = () => {
    place.removeEventListener("click", pressed, true);
    place.classList.remove("picking");
    stop = null;
  };
  return () => stop?.();
}

// Mark a place over everything else on the map, by a ring or (without one) by a pin, with the circle of its accuracy; it takes
// no clicks.
export function mark(map, lon, lat, { accuracy_m = null, ring = null, circle }) {
  const { L } = window;
  if (!map.getPane(PANE)) {
    const pane = map.createPane(PANE);
    pane.style.zIndex = 640;
    pane.style.pointerEvents = "none";
    drawing = L.svg({ pane: PANE });
  }
  const shared = { pane: PANE, renderer: drawing, interactive: false };
  const point = ring ? L.circleMarker([lat, lon], { ...ring, ...shared })
    : L.marker([lat, lon], { pane: PANE, interactive: false, keyboard: false, icon: L.divIcon({ className: "map-pin", iconSize: [26, 26], iconAnchor: [13, 31] }) });
  const drawn = L.layerGroup([point]);
  if (accuracy_m) L.circle([lat, lon], { weight: 1, dashArray: "4 4", fill: false, ...circle, ...shared, radius: accuracy_m }).addTo(drawn);
  drawn.addTo(map);
  if (!map.getBounds().contains([lat, lon])) map.panTo([lat, lon]);
  return drawn;
}

let count = 0;

// A box in which a person types what a place, unit or grid is called: `kinds` narrows, `chosen(found)` is told.
export function placeBox({ label, kinds = null, chosen, value = "", hint = "" }) {
  count += 1;
  const id = `places-${count}`;
  const list = make("ul", { id, className: "found", role: "listbox", hidden: true, "aria-label": label });
  const input = make("input", {
    type: "search", value, autocomplete: "off", role: "combobox", hint, maxLength: 60,
    "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list",
  });
  let found = [];
  let at = -1;
  let timer = 0;
  let asked = 0;
  const show = () => {
    list.replaceChildren(...(found.length ? found.map((one, index) => make("li", {
      id: `${id}-${index}`, role: "option", "aria-selected": String(index === at), dataset: { index },
      onpointerdown: (event) => { event.preventDefault(); take(index); },
    }, make("b", {}, one.name || one.code), " ", make("span", { className: "quiet small" }, kindOf(one), " ", one.name ? one.code : ""))) : [
      make("li", { className: "quiet", role: "option", "aria-disabled": "true" }, t("report.nothing_found"))]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    if (at >= 0) input.setAttribute("aria-activedescendant", `${id}-${at}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const hide = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const take = (index) => {
    const one = found[index];
    if (!one) return;
    input.value = one.name || one.code;
    hide();
    chosen(one);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const q = input.value.trim();
    if (!q) { hide(); return; }
    timer = setTimeout(async () => {
      const mine = (asked += 1);
      const told = await get("/places", { q, limit: kinds ? 40 : 12 }).catch(() => null);
      if (mine !== asked || told === null) return;
      found = told.filter((one) => kinds === null || kinds.includes(one.kind)).slice(0, 12);
      at = found.length ? 0 : -1;
      show();
    }, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length);
      show();
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(at);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      hide();
    }
  });
  input.addEventListener("blur", hide);
  return make("div", { className: "place-box" }, make("label", {}, make("span", {}, label), input), list);
}

const kindOf = (one) => {
  if (one.kind === "township" || one.kind === "village") return term("level", one.kind);
  return one.kind === "grid" ? t("card.grid") : "";
};
