// The audit searched: by time, author, action, subject; earlier lines on demand; as a file.
import { byId, language, make, t, term } from "./page.js";
import { get } from "./api.js";
import { countText, dayText, secondText } from "./formats.js";
import { button, empty, fill, table, told } from "./admin-parts.js";

const form = byId("audit-form");
const place = byId("audit-lines");
const problem = byId("audit-problem");
const NAMES = ["from", "to", "author", "action", "subject"];

// Times are asked for as people of the district write them.
const zoned = (text) => (text ? `${text.length === 16 ? `${text}:00` : text}+08:00` : "");

function asked() {
  const wanted = Object.fromEntries(NAMES.map((name) => [name, form.elements[name].value.trim()]));
  return { ...wanted, from: zoned(wanted.from), to: zoned(wanted.to) };
}

function keepAddress() {
  const kept = new URLSearchParams(NAMES.map((name) => [name, form.elements[name].value.trim()]).filter(([, value]) => value));
  history.replaceState(null, "", `/audit${kept.size ? `#${kept}` : ""}`);
}

function search() {
  problem.hidden = true;
  const wanted = asked();
  if (wanted.from && wanted.to && wanted.to <= wanted.from) {
    problem.textContent = t("admin.audit.wrong_span");
    problem.hidden = false;
    return;
  }
  keepAddress();
  fill(place, async () => {
    const first = await get("/audit", { ...wanted, limit: 100 });
    if (!first.lines.length) return empty(t("admin.audit.empty"));
    return lines(wanted, first);
  });
}

function lines(wanted, first) {
  const found = make("div", { className: "stack" });
  const all = [];
  function draw(page) {
    all.push(...page.lines);
    const params = new URLSearchParams(Object.entries({ ...wanted, language }).filter(([, value]) => value));
    const foot = make("div", { className: "row pager" }, make("span", { className: "quiet grow" }, t("admin.audit.count", { count: countText(all.length) })),
      page.next ? more(page.next) : null,
      make("a", { className: "button", download: "", href: `/api/v1/exports/audit.csv?${params}` }, t("admin.audit.export_csv")),
      make("a", { className: "button", download: "", href: `/api/v1/exports/audit.xlsx?${params}` }, t("admin.audit.export_xlsx")));
    found.replaceChildren(table(t("admin.audit.title"), [
      [t("admin.audit.time"), (one) => make("time", { dateTime: one.at, className: "code" }, `${dayText(one.at)} ${secondText(one.at)}`)],
      [t("admin.audit.author"), (one) => narrow(one.author, t("admin.audit.more_of_author"), { author: one.author })],
      [t("admin.audit.action"), (one) => term("admin.audit_action", one.action)],
      [t("admin.audit.subject"), (one) => narrow(one.subject, t("admin.audit.more_of_subject"), { subject: one.subject })],
      [t("admin.audit.result"), (one) => resultShown(one.result)],
      [t("admin.audit.origin"), (one) => make("span", { className: "quiet" }, one.origin)],
    ], all), foot);
  }
  function more(cursor) {
    const press = button(t("admin.audit.more"), async () => {
      press.disabled = true;
      try {
        draw(await get("/audit", { ...wanted, limit: 100, cursor }));
      } catch (error) {
        problem.textContent = told(error);
        problem.hidden = false;
        press.disabled = false;
      }
    });
    return press;
  }
  draw(first);
  return found;
}

const TAKEN_IN = /^(\d+) new, (\d+) changed, (\d+) refused$/;

// A result in the language of the page where it is one of the usual ones.
function resultShown(text) {
  const counts = TAKEN_IN.exec(text);
  if (!counts) return term("admin.audit_result", text);
  return t("admin.audit.taken_in", { new: countText(Number(counts[1])), changed: countText(Number(counts[2])), refused: countText(Number(counts[3])) });
}

// A text that, pressed, is looked for alone.
function narrow(text, title, wanted) {
  return make("button", { type: "button", className: "plain as-text", title, onclick: () => {
    form.reset();
    for (const [name, value] of Object.entries(wanted)) form.elements[name].value = value;
    search();
    scrollTo({ top: 0 });
  } }, text);
}

form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
byId("audit-clear").addEventListener("click", () => { form.reset(); search(); });
for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
  if (NAMES.includes(name)) form.elements[name].value = value;
}
search();
