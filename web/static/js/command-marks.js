// Marks on a canvas over the map: clusters, points and people are drawn at once, found again under the pointer.
const PADDING = 0.1;

// A layer that draws `items` of { lat, lon, radius } by `paint(context, item, x, y)`, the last on top; it moves and zooms
// with the map. `at(point)` gives the item under a point of the map's container, or null.
export const Marks = L.Renderer.extend({
  options: { padding: PADDING, paint: null },

  setItems(items) {
    this.items = items;
    this.draw();
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.style.pointerEvents = "none";
    this._container.setAttribute("aria-hidden", "true");
    this._context = this._container.getContext("2d");
  },

  _destroyContainer() {
    this._container.remove();
    delete this._context;
  },

  _updatePaths() {},

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = size.x * ratio;
    this._container.height = size.y * ratio;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this._context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.draw();
    this.fire("update");
  },

  draw() {
    if (!this._context || !this._bounds) return;
    const { min, max } = this._bounds;
    this._context.clearRect(0, 0, max.x - min.x, max.y - min.y);
    for (const item of this.items ?? []) {
      const point = this._map.latLngToLayerPoint([item.lat, item.lon]);
      item.x = point.x;
      item.y = point.y;
      const [x, y] = [point.x - min.x, point.y - min.y];
      if (x < -40 || y < -40 || x > max.x - min.x + 40 || y > max.y - min.y + 40) continue;
      this.options.paint(this._context, item, x, y);
    }
  },

  at(containerPoint) {
    if (!this._map) return null;
    const { x, y } = this._map.containerPointToLayerPoint(containerPoint);
    let found = null;
    let nearest = Infinity;
    for (const item of this.items ?? []) {
      const reach = Math.max(item.radius, 10);
      const distance = (item.x - x) ** 2 + (item.y - y) ** 2;
      // Of marks that overlap the nearest is meant.
      if (distance <= reach ** 2 && distance <= nearest) [found, nearest] = [item, distance];
    }
    return found;
  },
});
