// Urgent incidents, loud until somebody at this screen has acknowledged them; ordinary new ones by a quiet mark: a count in the
// title, a list of the newest, and a sound where it is switched on.
import { account, byId, language, make, t, term } from "./page.js";
import { get } from "./api.js";
import { metresText, spanText, timeText } from "./formats.js";
import * as live from "./live.js";
import { firstToCall, officeName, telephone, unitName } from "./command-people.js";

const NAME = `gisgrid.alerts.${account?.name ?? ""}`;
const MOST_SHOWN = 3;
const MOST_NEWEST = 20;
const MOST_KEPT = 500;
const NEAR_M = 50; // so near a border the team across it is named too
const BEEP_EVERY_MS = 20_000;
const ENDED = ["closed", "evaluated", "invalid"];

let context = null;
let kept = { pending: [], acknowledged: [], sound: false }; // pending: numbers, the oldest first
const known = new Map(); // number → { told, teams, names }
const announced = new Set(); // read out once, not whenever its age is written anew
let newest = [];
let unseen = 0;
let audio = null;
const title = document.title;

export function init(given) {
  context = given;
  kept = { ...kept, ...read() };
  document.querySelector("main").before(make("section", { id: "alerts", className: "alerts", "aria-label": t("card.alerts"), hidden: true }));
  byId("live-badge").before(newestMenu());
  live.on("incident", hear);
  live.on("incident_gone", ({ number }) => drop(number));
  for (const name of ["reset", "current"]) live.on(name, load);
  addEventListener("storage", (event) => {
    // Acknowledged in another window of this screen.
    if (event.key !== NAME) return;
    kept = { ...kept, ...read() };
    for (const number of kept.pending) if (!known.has(number)) look(number);
    draw();
  });
  addEventListener("pointerdown", () => kept.sound && awaken(), { once: true });
  setInterval(() => { if (kept.pending.length && kept.sound) beep(); }, BEEP_EVERY_MS);
  setInterval(draw, 30_000);
  for (const number of kept.pending) look(number);
  load();
  draw();
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}

function keep() {
  kept.acknowledged = kept.acknowledged.slice(-MOST_KEPT);
  try {
    localStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // Then it holds until the page is left.
  }
}

// Urgent ones that nobody has answered yet, also those reported while this page was not there.
async function load() {
  const told = await get("/board/incidents", { is_urgent: true, is_open: true, state: ["reported"], limit: 50 }).catch(() => null);
  for (const incident of (told?.incidents ?? []).reverse()) alarm(incident, { isQuiet: true });
}

function hear(told) {
  const isNew = told.move === "report" || told.move === "re_open";
  if (told.is_urgent && isNew && !ENDED.includes(told.state)) {
    if (told.move === "re_open") kept.acknowledged = kept.acknowledged.filter((number) => number !== told.number);
    alarm(told);
  } else if (kept.pending.includes(told.number)) {
    look(told.number);
  } else if (told.move === "report" && !ENDED.includes(told.state)) {
    newest = [told, ...newest.filter((one) => one.number !== told.number)].slice(0, MOST_NEWEST);
    unseen += 1;
    if (kept.sound) beep(660, 1);
    drawNewest();
  }
}

function alarm(told, { isQuiet = false } = {}) {
  if (kept.acknowledged.includes(told.number) || kept.pending.includes(told.number)) return;
  kept.pending.push(told.number);
  keep();
  known.set(told.number, { told });
  draw();
  look(told.number);
  if (kept.sound && !isQuiet) beep();
}

// Who answers on both sides: the card of an urgent one names those across the border; near one without doubt of its grid
// they are asked for.
async function look(number) {
  let card;
  try {
    card = await get(`/incidents/${number}`, { language });
  } catch (error) {
    if (error.status === 404) drop(number);
    return;
  }
  const one = card.incident;
  if (ENDED.includes(one.state)) {
    drop(number);
    return;
  }
  const teams = [...card.answers];
  const names = { ...card.names };
  if (teams.length === 1 && one.lon !== null && one.border_distance_m !== null && one.border_distance_m <= NEAR_M) {
    const near = await get("/locate", { lon: one.lon, lat: one.lat, accuracy_m: NEAR_M }).catch(() => null);
    if (near) {
      teams.push(...near.across.filter((answer) => answer.grid !== teams[0].grid));
      Object.assign(names, near.names);
    }
  }
  known.set(number, { told: one, teams, names, onCall: card.on_call[0] });
  draw();
}

function drop(number) {
  if (!kept.pending.includes(number)) return;
  kept.pending = kept.pending.filter((one) => one !== number);
  keep();
  draw();
}

function acknowledge(numbers) {
  kept.acknowledged.push(...numbers);
  kept.pending = kept.pending.filter((one) => !numbers.includes(one));
  keep();
  draw();
}

function draw() {
  const place = byId("alerts");
  const shown = kept.pending.filter((number) => known.has(number)).sort((one, other) => one - other);
  place.hidden = shown.length === 0;
  const focused = document.activeElement?.closest("#alerts [data-key]")?.dataset.key;
  const rest = shown.length - MOST_SHOWN;
  place.replaceChildren(...shown.slice(-MOST_SHOWN).reverse().map(alert),
    ...(rest > 0 ? [make("p", { className: "alerts-rest" }, t("card.alerts_more", { n: rest }), " ",
      make("button", { type: "button", dataset: { key: "all" }, onclick: () => acknowledge(shown) }, t("card.acknowledge_all")))] : []));
  if (focused) place.querySelector(`[data-key="${focused}"]`)?.focus();
  drawTitle();
}

function alert(number) {
  const { told, teams, names = {}, onCall } = known.get(number);
  const age = live.now().getTime() - Date.parse(told.reported_at);
  const sides = (teams ?? []).map((answer, at) => {
    const person = firstToCall(answer);
    return make("li", {}, make("span", { className: "side-of" }, at === 0 ? t("card.in_grid") : t("card.across")), " ",
      make("b", {}, unitName(answer.grid, names)), " ",
      person ? make("span", {}, `${term("role", person.role)} ${person.name} `, person.telephone ? telephone(person.telephone) : `(${t("card.no_telephone")})`) : make("span", {}, t("card.vacant")));
  });
  const isFirst = !announced.has(number);
  announced.add(number);
  return make("div", { className: "alert", role: isFirst ? "alert" : null, dataset: { number } },
    make("div", { className: "alert-what" },
      make("strong", {}, t("card.urgent")), " ",
      make("b", {}, `#${number} ${term("category", told.category)}`), " ",
      make("span", {}, [term("state", told.state), t("card.age", { span: spanText(age) }),
        told.border_distance_m !== null && told.border_distance_m !== undefined && told.border_distance_m <= NEAR_M && t("card.border_own", { distance: metresText(told.border_distance_m) })].filter(Boolean).join(" · "))),
    make("ul", {}, teams ? sides : make("li", {}, t("shell.loading")), teams?.length === 0 && make("li", {}, t("card.no_grid")),
      onCall && make("li", {}, make("span", { className: "side-of" }, t("card.on_call")), " ", make("b", {}, officeName(onCall.unit, names)), ` ${onCall.name} `, onCall.telephone ? telephone(onCall.telephone) : "")),
    make("div", { className: "row" },
      make("button", { type: "button", dataset: { key: `open-${number}` }, onclick: () => open(told) }, t("card.open")),
      make("button", { type: "button", className: "acknowledge", dataset: { key: `acknowledge-${number}` }, onclick: () => acknowledge([number]) }, t("card.acknowledge"))));
}

function open(told) {
  if (told.lon !== null && told.lon !== undefined) context.focus.at(told.lon, told.lat);
  context.bus.open(told.number);
}

function newestMenu() {
  const sound = make("input", { type: "checkbox", checked: kept.sound, onchange: () => {
    kept.sound = sound.checked;
    keep();
    if (kept.sound) { awaken(); beep(660, 1); }
  } });
  const menu = make("details", { className: "menu newest", id: "newest", ontoggle: () => {
    if (menu.open) { unseen = 0; drawNewest(); }
  } },
    make("summary", { "aria-label": t("card.newest") }, make("span", {}, t("card.new")), " ", make("b", { id: "newest-count", hidden: true })),
    make("div", {}, make("label", { className: "check" }, sound, make("span", {}, t("card.sound"))), make("ul", { id: "newest-list", className: "plain-list" },
      make("li", { className: "quiet" }, t("card.nothing_new")))));
  return menu;
}

function drawNewest() {
  const count = byId("newest-count");
  count.hidden = unseen === 0;
  count.textContent = unseen > 99 ? "99+" : String(unseen);
  if (newest.length) byId("newest-list").replaceChildren(...newest.map((one) => make("li", {},
    make("button", { type: "button", className: "plain link", onclick: () => { byId("newest").open = false; open(one); } },
      make("time", {}, timeText(one.reported_at)), ` #${one.number} ${term("category", one.category)}`))));
  drawTitle();
}

function drawTitle() {
  const loud = kept.pending.filter((number) => known.has(number)).length;
  document.title = `${loud ? `‼${loud} ` : ""}${unseen ? `(${unseen}) ` : ""}${title}`;
}

// A browser lets a page sound only after it was touched.
function awaken() {
  audio ??= new AudioContext();
  audio.resume();
}

function beep(pitch_hz = 880, times = 3) {
  if (audio === null || audio.state !== "running") return;
  for (let at = 0; at < times; at += 1) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const begin = audio.currentTime + at * 0.35;
    tone.frequency.value = pitch_hz;
    loudness.gain.setValueAtTime(0.0001, begin);
    loudness.gain.exponentialRampToValueAtTime(0.3, begin + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, begin + 0.25);
    tone.connect(loudness).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.27);
  }
}
