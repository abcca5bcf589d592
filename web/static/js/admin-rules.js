// What holds: the rules of the loop beside their defaults, the workdays of a year, the policy of patrols.
import { data, language, make, t, tag, term } from "./page.js";
import { get, send } from "./api.js";
import { countText } from "./formats.js";
import { button, dialog, fill, head, named, problemPlace, run, say, table } from "./admin-parts.js";
import { edit, registerHead, registerOf, show as showRegister } from "./admin-register.js";

const DAY_MS = 86_400_000;
const ruleName = (rule) => term("admin.rule", rule);

export async function showRules(place) {
  const list = make("section", { className: "stack" });
  const again = () => fill(list, async () => {
    const [rules, own] = await Promise.all([get("/rules"), get("/registers/rules/rows", { limit: 200 })]);
    const set = new Map(own.entries.map((entry) => [entry.rule, entry]));
    return table(term("admin.section", "rules"), [
      [t("admin.rule.title"), (one) => ruleName(one.rule)],
      [t("admin.rule.value"), (one) => [make("strong", {}, told(one.value)), " ", set.has(one.rule) ? make("span", { className: "mark" }, t("admin.rule.set_here")) : ""]],
      [t("admin.rule.default"), (one) => told(one.default)],
      [t("admin.actions"), (one) => button(t("admin.change"), () => change(one, set.get(one.rule) ?? null, again)), "act"],
    ], rules);
  });
  place.replaceChildren(head(term("admin.section", "rules"), term("admin.about", "rules")), list);
  await again();
}

const told = (value) => (typeof value === "number" ? countText(value) : value);

function change(rule, kept, again) {
  const problem = problemPlace();
  const input = make("input", { id: "rule-value", required: true, value: String(rule.value), autocomplete: "off", maxLength: 200, inputMode: typeof rule.default === "number" ? "decimal" : "text" });
  const save = make("button", { className: "main" }, t("shell.save"));
  save.setAttribute("form", "rule-form");
  const form = make("form", { id: "rule-form", className: "stack" }, make("div", { className: "field" }, make("label", { htmlFor: "rule-value" }, ruleName(rule.rule)), input,
    make("span", { className: "quiet small" }, `${t("admin.rule.default")}: ${told(rule.default)}`)));
  const box = dialog(t("admin.rule.change_title"), { isDirty: () => input.value !== String(rule.value) });
  box.content.append(form, problem);
  const done = (text) => { box.shut(); say(text); again(); };
  if (kept) {
    const reset = button(t("admin.rule.reset"), () => run(reset, problem, async () => {
      await send("POST", "/registers/rules/removals", { before: kept });
      done(t("admin.saved"));
    }));
    box.foot.append(reset);
  }
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(save, problem, async () => {
      await send("PUT", "/registers/rules/rows", { entry: { rule: rule.rule, value: input.value.trim() }, before: kept });
      done(t("admin.saved"));
    });
  });
  input.select();
}

// The nine and the district's own: what is changed of the nine becomes an entry of the register.
export async function showDepartments(place) {
  const list = make("section", { className: "stack" });
  const kept = await registerOf("departments");
  const above = make("section", { className: "stack" });
  const again = () => fill(above, async () => {
    const [all, own] = await Promise.all([get("/departments"), get("/registers/departments/rows", { limit: 1000 })]);
    const entries = new Map(own.entries.map((entry) => [entry.code, entry]));
    return table(term("admin.section", "departments"), [
      [t("admin.account.department"), (one) => named(language === "zh" ? one.name_zh : one.name_en, one.code)],
      [t("admin.telephone"), (one) => one.telephone || make("span", { className: "quiet" }, t("admin.not_set"))],
      [t("admin.actions"), (one) => button(t("admin.change"), () =>
        edit(kept, entries.get(one.code) ?? null, {}, again, { code: one.code, name: one.name_zh })), "act"],
    ], all);
  });
  list.append(above);
  place.replaceChildren(registerHead("departments", kept, again), list);
  await again();
}

export async function showCategories(place, q = "") {
  const above = make("details", { className: "panel" }, make("summary", {}, t("admin.built_in")));
  const known = await get("/categories");
  above.append(make("dl", { className: "about" }, known.map((one) => make("div", {}, make("dt", {}, term("category", one.code)),
    make("dd", {}, one.sub_categories.map((sub) => (language === "zh" ? sub.name_zh : sub.name_en)).join(" · "))))));
  await showRegister(place, "sub_categories", { q, above });
}

export async function showCalendar(place) {
  let year = Number(data.today.slice(0, 4));
  const months = make("section", { className: "panel stack" });
  const kept = await registerOf("calendar");
  const draw = () => fill(months, () => yearDrawn(year, (step) => { year += step; draw(); }, setDay));
  let again = null;
  async function setDay(day) {
    const found = await get("/registers/calendar/rows", { limit: 1000 });
    const entry = found.entries.find((one) => one.day === day.day) ?? null;
    edit(kept, entry, {}, () => { draw(); again?.(); }, { day: day.day, is_workday: String(!day.is_workday) });
  }
  again = await showRegister(place, "calendar", { above: months });
  await draw();
}

async function yearDrawn(year, step, setDay) {
  const days = await get("/calendar", { from: `${year}-01-01`, to: `${year}-12-31` });
  const name = new Intl.DateTimeFormat(tag, { timeZone: "UTC", month: "long" });
  const weekday = new Intl.DateTimeFormat(tag, { timeZone: "UTC", weekday: "narrow" });
  const heads = Array.from({ length: 7 }, (_, place) => weekday.format(new Date(Date.UTC(2018, 0, 1) + place * DAY_MS)));
  const isProvisional = days.some((day) => day.is_provisional);
  const months = Array.from({ length: 12 }, (_, month) => {
    const of = days.filter((day) => Number(day.day.slice(5, 7)) === month + 1);
    const lead = (new Date(`${of[0].day}T00:00:00Z`).getUTCDay() + 6) % 7;
    return make("div", { className: "month" }, make("h3", {}, name.format(new Date(`${of[0].day}T00:00:00Z`))),
      make("div", { className: "days" }, heads.map((head) => make("span", { className: "quiet small", "aria-hidden": "true" }, head)),
        Array.from({ length: lead }, () => make("span")),
        of.map((day) => {
          const why = language === "zh" ? day.why_zh : day.why_en;
          return make("button", { type: "button", className: `day ${day.is_workday ? "works" : "free"} ${day.day === data.today ? "today" : ""}`, title: why,
            "aria-label": `${day.day} ${why}`, onclick: () => setDay(day) }, String(Number(day.day.slice(8))));
        })));
  });
  return [make("div", { className: "row" }, button("‹", () => step(-1)), make("h2", {}, t("admin.calendar.months", { year })), button("›", () => step(1)),
    make("span", { className: "grow" }), make("span", { className: "key works" }, t("admin.calendar.workday")), make("span", { className: "key free" }, t("admin.calendar.free")),
    isProvisional ? make("span", { className: "mark warn" }, t("admin.calendar.provisional")) : null),
  make("div", { className: "months" }, months), make("h2", {}, t("admin.calendar.of_the_district"))].map((part, place) => {
    if (place === 0) {
      part.children[0].setAttribute("aria-label", t("admin.calendar.before"));
      part.children[2].setAttribute("aria-label", t("admin.calendar.after"));
    }
    return part;
  });
}

export async function showPolicy(place) {
  const list = make("section", { className: "stack" });
  place.replaceChildren(head(term("admin.section", "policy"), term("admin.about", "policy")), list);
  await fill(list, async () => {
    const policy = await get("/policy");
    return [make("p", {}, `${t("admin.policy.name")}: `, make("strong", {}, policy.name), " · ", t("admin.policy.hash"), " ", make("span", { className: "code" }, policy.hash)),
      table(term("admin.section", "policy"), [
        [t("admin.policy.parameter"), ([name]) => term("admin.policy", name)],
        [t("admin.policy.value"), ([, value]) => (value === null || (Array.isArray(value) && !value.length) ? t("admin.policy.none") : typeof value === "number" ? countText(value) : String(value)), "number"],
      ], Object.entries(policy.parameters))];
  });
}
