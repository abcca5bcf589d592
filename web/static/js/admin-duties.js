// Duties: given to one person for a grid or a whole unit, substitutes for some days, and what nobody holds.
import { data, make, t, term } from "./page.js";
import { get, send } from "./api.js";
import { countText, dayText } from "./formats.js";
import { PAGE, button, dialog, empty, fill, head, message, problemPlace, run, say, table } from "./admin-parts.js";
import { pick } from "./admin-pick.js";
import { show as showRegister } from "./admin-register.js";

const ROLES = ["patroller", "leader", "instructor", "business_instructor", "area_leader", "substitute"];
const DAY_MS = 86_400_000;

export const showDuties = (place, q) =>
  showRegister(place, "duties", { q, actions: [[t("admin.duty.give"), (again) => give({ role: "patroller" }, again)]] });

export const showSubstitutes = (place, q) =>
  showRegister(place, "substitutes", { register: "duties", words: "substitute", q, actions: [[t("admin.duty.give_substitute"), (again) => give({ role: "substitute" }, again)]] });

// Days are asked for inclusively and kept exclusively.
const dayAfter = (day) => (day ? new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10) : null);

// The dialog in which a duty is given.
export function give({ role, unit = "", unitName = "" }, again) {
  let seen = null;
  const problem = problemPlace(), result = make("section", { "aria-live": "polite" });
  const isSubstitute = role === "substitute";
  const reset = () => { seen = null; result.replaceChildren(); go.textContent = t("admin.duty.look"); };
  const ground = pick("ground", { id: "give-unit", value: unit, name: unitName, hint: t("admin.duty.unit_hint"), isNeeded: true, changed: () => reset() });
  const person = pick("person", { id: "give-person", hint: t("admin.duty.person_hint"), isNeeded: true, changed: () => reset() });
  const roles = make("select", { id: "give-role", onchange: () => reset() }, ROLES.map((one) => make("option", { value: one }, term("role", one))));
  roles.value = role;
  const first = make("input", { id: "give-from", type: "date", required: true, value: data.today, min: "1990-01-01", max: "2099-12-31", onchange: () => reset() });
  const last = make("input", { id: "give-last", type: "date", min: "1990-01-01", max: "2099-12-30", required: isSubstitute, onchange: () => reset() });
  const inPlace = make("input", { type: "checkbox", onchange: () => reset() });
  const go = make("button", { className: "main" }, t("admin.duty.look"));
  go.setAttribute("form", "give-form");
  const field = (id, label, made, hint) => make("div", { className: "field" }, make("label", { htmlFor: id }, label), made, hint ? make("span", { className: "quiet small" }, hint) : null);
  const form = make("form", { id: "give-form", className: "fields" },
    field("give-unit", t("admin.duty.unit"), ground), field("give-person", t("admin.duty.person"), person),
    field("give-role", term("admin.field", "role"), roles), field("give-from", term("admin.field", "from"), first),
    field("give-last", t("admin.duty.last_day"), last, t("admin.duty.last_day_hint")),
    make("label", { className: "check wide", hidden: isSubstitute }, inPlace, make("span", {}, t("admin.duty.in_place"))));
  const box = dialog(isSubstitute ? t("admin.duty.give_substitute") : t("admin.duty.give_title"), { isDirty: () => Boolean(person.value) });
  box.content.append(make("p", {}, t("admin.duty.give_lead")), form, result, problem);
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), go);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(go, problem, async () => {
      const isLook = seen === null;
      if (last.value && last.value < first.value) throw new Error(t("admin.duty.last_day_wrong"));
      const done = await send("POST", "/duties", {
        unit: ground.value, person: person.value, role: roles.value, from_day: first.value, to_day: dayAfter(last.value),
        in_place: inPlace.checked && roles.value !== "substitute", dry_run: isLook,
      });
      if (!isLook) {
        box.shut();
        say(t("admin.duty.done", counts(done)));
        again();
        return;
      }
      const count = done.new + done.changed;
      result.replaceChildren(message(count || done.ended ? t("admin.duty.seen", counts(done)) : t("admin.duty.nothing"), ""),
        ...(done.ended ? [message(t("admin.duty.seen_ended", { day: dayText(`${first.value}T00:00:00+08:00`), count: countText(done.ended) }), "")] : []));
      if (!count && !done.ended) return;
      seen = done;
      go.textContent = t("admin.duty.confirm", { count: countText(count) });
    });
  });
  (unit ? person : ground).input.focus();
}

const counts = (done) => Object.fromEntries(["grids", "new", "changed", "same", "ended"].map((name) => [name, countText(done[name])]));

// Grids with roles that nobody holds, page after page.
export async function showVacancies(place) {
  const list = make("section", { className: "stack" });
  const day = make("input", { type: "date", value: data.today, "aria-label": t("admin.duty.on_day") });
  const again = () => fill(list, () => vacancies(day.value || data.today, again));
  day.addEventListener("change", again);
  place.replaceChildren(head(term("admin.section", "vacancies"), term("admin.about", "vacancies"),
    make("label", { className: "row day-choice" }, make("span", {}, t("admin.duty.on_day")), day)), list);
  await again();
}

async function vacancies(day, again) {
  const rows = make("section", { className: "stack" });
  const found = [];
  let next = null;
  async function page() {
    const answer = await get("/vacancies", { day, limit: PAGE, cursor: next });
    found.push(...answer.vacancies);
    next = answer.next;
    if (!found.length) return rows.replaceChildren(empty(t("admin.duty.no_vacancies")));
    rows.replaceChildren(table(term("admin.section", "vacancies"), [
      [term("admin.field", "grid"), (one) => make("span", { className: "code" }, one.grid)],
      [t("admin.duty.vacant"), (one) => one.vacant_roles.map((role) => term("role", role)).join(" · ")],
      [t("admin.actions"), (one) => button(t("admin.duty.fill"), () => give({ role: one.vacant_roles[0], unit: one.grid }, again)), "act"],
    ], found), make("div", { className: "row pager" }, make("span", { className: "quiet" }, t("admin.duty.vacancies_count", { count: countText(found.length) })),
      next ? button(t("shell.more"), page) : null));
  }
  await page();
  return rows;
}
