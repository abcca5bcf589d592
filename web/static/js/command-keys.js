// The keys of the command page, and the sheet that tells them.
import { byId, make, t } from "./page.js";
import * as filters from "./command-filters.js";
import * as playback from "./command-playback.js";
import * as search from "./command-search.js";
import * as switches from "./command-switch.js";

const CLOCKS = ["red", "yellow", "due_today", "at_risk", "calm"];
let context = null;
let sheet = null;

const KEYS = () => [
  ["/", t("command.key.search"), () => search.focus()],
  ["f", t("command.key.filters"), () => filters.open()],
  ["1 – 5", t("command.key.clocks"), null],
  ["0", t("command.key.reset"), () => context.filter.reset()],
  ["h", t("command.key.home"), () => context.focus.home()],
  ["l", t("command.key.layers"), () => { byId("layer-menu").open = !byId("layer-menu").open; byId("layer-menu").querySelector("summary").focus(); }],
  ["p", t("command.key.people"), () => switches.toggle("people")],
  ["o", t("command.key.places"), () => switches.toggle("places")],
  ["b", t("command.key.play"), () => playback.toggle()],
  ["k", t("command.key.run"), () => playback.isOpen() && playback.run()],
  [", .", t("command.key.step"), null],
  ["n", t("command.key.report"), () => context.bus.tell("report")],
  ["Esc", t("command.key.escape"), null],
  ["?", t("command.key.help"), () => show()],
];

export function init(given) {
  context = given;
  const keys = KEYS();
  sheet = make("dialog", { id: "keys", "aria-label": t("command.keys") },
    make("div", { className: "row" }, make("h2", {}, t("command.keys")), make("button", { type: "button", className: "plain end", "aria-label": t("shell.close"), onclick: () => sheet.close() }, "✕")),
    make("dl", { className: "keys" }, keys.flatMap(([key, told]) => [make("dt", {}, key.split(" ").map((one) => (one === "–" ? " – " : make("kbd", {}, one)))), make("dd", {}, told)])));
  document.body.append(sheet);
  const round = (id, sign, told, act) => make("button", { type: "button", id, className: "round", title: told, "aria-label": told, onclick: act }, sign);
  byId("map-right-foot")?.append(
    round("map-home", "⌂", t("command.home"), () => context.focus.home()),
    round("map-keys", "?", t("command.keys"), show));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || sheet.open) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
    const clock = "12345".indexOf(event.key);
    const act = clock >= 0 ? () => filters.toggle("clock_state", CLOCKS[clock])
      : event.key === "," ? () => playback.move(-1)
        : event.key === "." ? () => playback.move(1)
          : keys.find(([key, , doing]) => doing && key === event.key.toLowerCase())?.[2];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function show() {
  sheet.showModal();
}
