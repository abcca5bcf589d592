// The command map: wires its parts together. Each part is a module with `init(context)`.
import * as alerts from "./command-alerts.js";
import * as bus from "./command-bus.js";
import * as card from "./command-card.js";
import * as filter from "./command-filter.js";
import * as mapping from "./command-map.js";
import * as report from "./command-report.js";

const map = window.gisgridMap;
const context = { map, filter, bus, focus: mapping.focus };
mapping.init(context);
card.init(context);
report.init(context);
alerts.init(context);
