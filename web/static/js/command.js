// The command map: wires its parts together. Each part is a module with `init(context)`.
import * as bus from "./command-bus.js";
import * as filter from "./command-filter.js";
import * as mapping from "./command-map.js";

const map = window.gisgridMap;
const context = { map, filter, bus, focus: mapping.focus };
mapping.init(context);
