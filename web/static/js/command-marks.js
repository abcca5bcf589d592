// Canvases over the map: a sheet moves and zooms with it; marks are drawn on one at once and found again under the pointer.

// A sheet that is painted by `paint(context, { min, max, ratio })`, bounds in pixels of the map's layers, whenever the map has
// moved, and by `draw()`.
export const Sheet = L.Renderer.extend({
  options: { padding: 0.1, paint: null },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.style.pointerEvents = "none";
    this._container.setAttribute("aria-hidden", "true");
    this._context = this._container.getContext("2d");
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
    delete this._context;
  },

  _updatePaths() {},

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    this._ratio = Math.min(window.devicePixelRatio || 1, 3);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = size.x * this._ratio;
    this._container.height = size.y * this._ratio;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this.draw();
  },

  draw() {
    if (!this._context || !this._bounds) return;
    const { min, max } = this._bounds;
    this._context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
    this._context.clearRect(0, 0, max.x - min.x, max.y - min.y);
    this._paint(this._context, { min, max, ratio: this._ratio });
  },

  _paint(context, view) {
    this.options.paint(context, view);
  },
});

// A sheet of `items`, { lat, lon, radius } each, drawn by `paint(context, item, x, y)`, the last on top. `at(point)` gives the
// item under a point of the map's container, or null.
export const Marks = Sheet.extend({
  setItems(items) {
    this.items = items;
    this.draw();
  },

  _paint(context, { min, max }) {
    for (const item of this.items ?? []) {
      const point = this._map.latLngToLayerPoint([item.lat, item.lon]);
      item.x = point.x;
      item.y = point.y;
      const [x, y] = [point.x - min.x, point.y - min.y];
      if (x < -40 || y < -40 || x > max.x - min.x + 40 || y > max.y - min.y + 40) continue;
      this.options.paint(context, item, x, y);
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
