// Who answers: the people in office for grids with their telephones, what nobody holds, who is on call; how offices are called.
import { language, make, t, term } from "./page.js";

const DEPARTMENT = "department:";

// What an office is called: a department or the district in the page's language, a unit by its name, else by its code.
export function officeName(office, names = {}) {
  if (office.startsWith(DEPARTMENT)) {
    const code = office.slice(DEPARTMENT.length);
    const known = term("department", code);
    if (language === "zh") return names[office] ?? known;
    return known === code || known === `department.${code}` ? names[office] ?? code : known;
  }
  if (names[office]) return names[office];
  return office === "district" || office.endsWith("000000") ? term("level", "district") : office;
}

export const unitName = (code, names = {}) => names[code] ?? code;

export const telephone = (number) =>
  make("a", { className: "telephone", href: `tel:${number.replace(/[^\d+*#]/g, "")}` }, number);

// The teams of some grids, each under the name of its grid; `own` is the first one's heading where there are several.
export function answersView(answers, names = {}) {
  return answers.map((answer) => {
    const people = answer.people.map((one) => make("li", { className: one.is_away ? "away" : null },
      make("span", { className: "role" }, term("role", one.role)),
      make("span", { className: "who" }, one.name || one.person || t("card.somebody"),
        one.is_away && make("span", { className: "tag" }, t("card.on_leave"))),
      one.telephone ? telephone(one.telephone) : make("span", { className: "quiet small" }, t("card.no_telephone"))));
    const vacant = answer.vacant_roles.map((role) => make("li", { className: "vacant" },
      make("span", { className: "role" }, term("role", role)), make("span", { className: "who" }, t("card.vacant"))));
    return make("div", { className: "team" },
      make("h4", {}, unitName(answer.grid, names), " ", make("span", { className: "code" }, answer.grid)),
      make("ul", { className: "people" }, people, vacant));
  });
}

export function onCallView(people, names = {}) {
  if (people.length === 0) return null;
  return make("div", { className: "team" }, make("h4", {}, t("card.on_call")),
    make("ul", { className: "people" }, people.map((one) => make("li", {},
      make("span", { className: "role" }, officeName(one.unit, names)),
      make("span", { className: "who" }, one.name || one.person || t("card.somebody"), " ",
        make("span", { className: "quiet small" }, [term("shift", one.shift), one.note].filter(Boolean).join(" · "))),
      one.telephone ? telephone(one.telephone) : make("span", { className: "quiet small" }, t("card.no_telephone"))))));
}

// The one to be called first: the substitute or patroller who is there, rather with a telephone than without.
export function firstToCall(answer) {
  const there = (answer?.people ?? []).filter((one) => !one.is_away);
  const best = (of) => of.find((one) => one.role === "substitute") ?? of.find((one) => one.role === "patroller") ?? of[0] ?? null;
  return best(there.filter((one) => one.telephone)) ?? best(there);
}
