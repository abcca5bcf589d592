// The basemap below the ground, where the service has one: its tiles come through the service itself.
import { byId, data, make } from "./page.js";

export const isThere = () => Boolean(data.basemap);

export function init({ map }) {
  if (!isThere()) return;
  const { layers, most_zoom: mostZoom, credit } = data.basemap;
  map.createPane("basemap").style.zIndex = 150;
  for (const name of layers) {
    L.tileLayer(`/api/v1/basemap/${name}/{z}/{x}/{y}`, { pane: "basemap", maxNativeZoom: mostZoom, maxZoom: map.getMaxZoom() }).addTo(map);
  }
  if (credit) byId("map-place").append(make("p", { className: "basemap-credit" }, credit));
}
