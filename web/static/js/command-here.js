// What the place of a report means while it is being written: its grid, who answers there, what lies across the border, and
// what was reported there already.
import { language, make, t, term } from "./page.js";
import { get } from "./api.js";
import { metresText, shareText } from "./formats.js";
import * as live from "./live.js";
import { answersView, onCallView, unitName } from "./command-people.js";

const NEAR_M = 100;
const NEAR_MS = 86_400_000;

// Elements that say so; none where no place is given yet. `accuracy_m` is that of the way in which it was given.
export async function lookUp(context, fields, accuracy_m) {
  if (fields.way === "none") return [await named(fields)];
  if (fields.lon === null || fields.lat === null) return [];
  const at = { lon: fields.lon, lat: fields.lat };
  const [told, near] = await Promise.all([
    get("/locate", { ...at, accuracy_m }).catch((error) => ({ problem: error.status ? error.message : t("report.no_line_look") })),
    nearby(context.map, fields).catch(() => []),
  ]);
  if (told.problem) return [make("p", { className: "message bad" }, told.problem)];
  return [
    make("h3", {}, told.grid ? unitName(told.grid, told.names) : t("card.no_grid")),
    make("p", { className: "quiet small" }, [
      told.grid && told.grid, told.grid && term("how", told.how),
      told.grid ? t("card.border_own", { distance: metresText(told.border_distance_m) }) : t("card.border_near", { distance: metresText(told.border_distance_m) }),
    ].filter(Boolean).join(" · ")),
    !told.grid && make("p", { className: "message" }, t("report.to_queue")),
    told.alternatives.length > 0 && make("p", { className: "message near" }, t("report.near_border", {
      grids: told.alternatives.map((other) => `${unitName(other.grid, told.names)} ${shareText(other.share)}`).join(language === "zh" ? "、" : ", "),
    })),
    make("div", {}, answersView([...(told.answers ? [told.answers] : []), ...(fields.is_urgent ? told.across : [])], told.names)),
    onCallView(fields.is_urgent ? told.on_call : [], told.names),
    near.length > 0 && make("div", { className: "message near" }, t("report.nearby", { n: near.length }),
      make("ul", { className: "plain-list" }, near.slice(0, 5).map((one) => make("li", {},
        make("button", { type: "button", className: "plain link", onclick: () => context.bus.open(one.number) }, `#${one.number}`),
        ` ${term("state", one.state)} · ${metresText(one.distance_m)}`)))),
  ].filter(Boolean);
}

// A report without a position, by what it names.
async function named({ stated, stated_name }) {
  if (!stated) return make("p", { className: "message" }, t("report.to_queue"));
  if (stated.length <= 12) return make("p", { className: "message" }, t("report.to_village", { village: stated_name }));
  const answer = await get(`/grids/${stated}/answers`).catch((error) => ({ problem: error.message }));
  if (answer.problem) return make("p", { className: "message bad" }, answer.problem);
  return make("div", {}, make("h3", {}, t("card.who")), answersView([answer], { [stated]: stated_name }));
}

// Reports of the same kind of the last day nearby: perhaps this one is known already.
async function nearby(map, { lon, lat, category, sub_category }) {
  if (!category) return [];
  const high = NEAR_M / 111_320;
  const wide = high / Math.cos((lat * Math.PI) / 180);
  const told = await get("/map/incidents", {
    west: lon - wide, east: lon + wide, south: lat - high, north: lat + high, zoom: 18,
    category: [category], sub_category,
    reported_from: new Date(live.now().getTime() - NEAR_MS).toISOString(),
  });
  const points = told.points;
  if (!points) return [];
  return points.number.map((number, at) => ({
    number, state: told.words.state[points.state[at]],
    distance_m: map.distance([lat, lon], [points.lat[at], points.lon[at]]),
  })).filter((one) => one.distance_m <= NEAR_M && one.state !== "invalid").sort((a, b) => a.distance_m - b.distance_m);
}
