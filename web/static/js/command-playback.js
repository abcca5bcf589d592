// Play-back: the filter's own window of time moved over a span, by days or hours, at several speeds, back and forth.
import { byId, make, t } from "./page.js";
import { momentText } from "./formats.js";
import * as live from "./live.js";
import { local } from "./command-filters.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EAST_MS = 8 * HOUR_MS;
const STEPS = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS };
const REACH = { hour: 72, day: 92, week: 52 }; // so many steps, the last one ending now
const SPEEDS = [1, 2, 4];
const STEP_MS = 1_200;

let context = null;
let step = "day";
let end = 0; // the end of the span
let place = 0; // which step of the span is shown
let speed = 1;
let timer = 0;
let before = null; // the filter as it was
let parts = null;

export function init(given) {
  context = given;
  parts = { bar: make("div", { className: "play", role: "group", "aria-label": t("command.play_back"), hidden: true }) };
  parts.start = make("button", { type: "button", id: "play-open", "aria-expanded": "false", onclick: toggle }, t("command.play_back"));
  byId("map-play").append(parts.start, parts.bar);
  parts.play = make("button", { type: "button", className: "main", id: "play-run", onclick: run }, "▶");
  parts.slider = make("input", { type: "range", min: 0, step: 1, id: "play-slider", "aria-label": t("command.play_when"), oninput: () => { stop(); go(Number(parts.slider.value)); } });
  parts.when = make("output", { id: "play-when", htmlFor: "play-slider" });
  const choose = (label, options, chosen, heard) => make("select", { "aria-label": label, onchange: (event) => heard(event.target.value) },
    options.map(([value, words]) => make("option", { value, selected: value === chosen }, words)));
  parts.bar.append(
    parts.play, parts.slider, parts.when,
    choose(t("command.play_step"), Object.keys(STEPS).map((name) => [name, t(`command.step.${name}`)]), step, (name) => { step = name; begin(); }),
    choose(t("command.play_speed"), SPEEDS.map((times) => [times, `${times}×`]), speed, (times) => { speed = Number(times); if (timer) { stop(); run(); } }),
    make("button", { type: "button", className: "plain", "aria-label": t("shell.close"), onclick: toggle }, "✕"),
    make("span", { className: "quiet small" }, t("command.play_means")),
  );
  context.filter.on((filter, why) => {
    // Whoever sets another window meanwhile has ended the play-back.
    if (why !== "play" && before !== null && (filter.reported_from !== shownFrom() || why === "reset" || why === "back")) leave();
  });
}

export const isOpen = () => before !== null;

export function toggle() {
  if (before !== null) {
    const { is_open, reported_from, reported_before } = before;
    leave();
    context.filter.set({ is_open: Boolean(is_open), reported_from: reported_from ?? null, reported_before: reported_before ?? null }, { replace: true });
    return;
  }
  before = context.filter.get();
  parts.bar.hidden = false;
  parts.start.hidden = true;
  begin();
  parts.play.focus();
}

// Play or pause.
export function run() {
  if (before === null) {
    toggle();
  }
  if (timer) {
    stop();
    return;
  }
  if (place >= REACH[step] - 1) go(0);
  timer = setInterval(() => {
    if (document.hidden) return;
    if (place >= REACH[step] - 1) stop();
    else go(place + 1);
  }, STEP_MS / speed);
  sign();
}

export function move(by) {
  if (before === null) return;
  stop();
  go(Math.max(0, Math.min(REACH[step] - 1, place + by)));
}

function begin() {
  stop();
  const asked = before.reported_before ? Date.parse(before.reported_before) : live.now().getTime();
  const unit = Math.min(STEPS[step], DAY_MS);
  // Steps begin at whole local hours or days.
  end = Math.ceil((asked + EAST_MS) / unit) * unit - EAST_MS;
  parts.slider.max = REACH[step] - 1;
  place = -1;
  go(REACH[step] - 1);
}

const from = () => end - (REACH[step] - place) * STEPS[step];
const shownFrom = () => local(new Date(from()));

function go(to) {
  place = to;
  parts.slider.value = to;
  const [start, until] = [from(), from() + STEPS[step]];
  parts.when.textContent = `${momentText(start)} – ${momentText(until)}`;
  parts.slider.setAttribute("aria-valuetext", parts.when.textContent);
  // What was closed since happened too.
  context.filter.set({ is_open: false, reported_from: local(new Date(start)), reported_before: local(new Date(until)) }, { replace: true, why: "play" });
}

function stop() {
  clearInterval(timer);
  timer = 0;
  sign();
}

function sign() {
  parts.play.textContent = timer ? "❚❚" : "▶";
  parts.play.setAttribute("aria-label", timer ? t("command.pause") : t("command.play"));
}

function leave() {
  stop();
  before = null;
  parts.bar.hidden = true;
  parts.start.hidden = false;
}
