// A register as a section: searched, leafed through, one entry added, changed or taken back, files down and up.
import { data, language, make, t, term } from "./page.js";
import { get, send } from "./api.js";
import { PAGE, button, dialog, empty, fill, head, pager, problemPlace, run, say, sure, table } from "./admin-parts.js";
import { fieldForm, labelOf, shown } from "./admin-fields.js";
import { upload } from "./admin-upload.js";

let registers;

// What there is, asked once.
export async function registerOf(name) {
  registers ??= get("/registers").catch((error) => { registers = undefined; throw error; });
  return (await registers).find((one) => one.name === name);
}

// Show a register in a place. `lead` are more buttons; `words` are put before what is looked for; `above` stands over the list.
export async function show(place, section, { register = section, words = "", actions = [], above = null, q = "" } = {}) {
  const state = { q, skip: 0, day: "" };
  const list = make("section", { className: "stack" });
  const search = make("input", { type: "search", value: q, hint: t("admin.search_hint"), "aria-label": t("admin.search"), maxLength: 150 });
  const kept = await registerOf(register);
  const again = () => fill(list, () => entries(kept, state, words, again));
  const isOfDays = kept.fields.some((field) => field.name === "to");
  const day = make("input", { type: "date", "aria-label": t("admin.in_force_on") });
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { Object.assign(state, { q: search.value, skip: 0 }); again(); }, 200);
  });
  day.addEventListener("change", () => { Object.assign(state, { day: day.value, skip: 0 }); again(); });
  place.replaceChildren(
    registerHead(section, kept, again, actions),
    ...(above ? [above] : []),
    make("div", { className: "row room-search" }, make("div", { className: "grow" }, search),
      isOfDays ? make("label", { className: "row day-choice" }, make("span", {}, t("admin.in_force_on")), day) : null),
    list);
  await again();
  return again;
}

// The head of a register: what can be done with it.
export function registerHead(section, kept, again, actions = []) {
  return head(term("admin.section", section), term("admin.about", section),
    ...actions.map(([text, act]) => button(text, () => act(again), "main")),
    button(t("admin.add"), () => edit(kept, null, {}, again), actions.length ? "" : "main"),
    button(t("admin.files.upload"), () => upload(kept, term("admin.section", section), again)), downloads(kept.name));
}

function downloads(register) {
  const link = (text, ending, more = {}) => {
    const asked = new URLSearchParams({ language, ...more });
    return make("a", { href: `/api/v1/registers/${register}.${ending}?${asked}`, download: "" }, text);
  };
  return make("details", { className: "menu" }, make("summary", { className: "button" }, t("admin.files.download")),
    make("div", {}, link(t("admin.files.filled_xlsx"), "xlsx"), link(t("admin.files.filled_csv"), "csv"),
      link(t("admin.files.template"), "xlsx", { template: true })));
}

async function entries(kept, state, words, again) {
  const q = `${words} ${state.q}`.trim();
  const found = await get(`/registers/${kept.name}/rows`, { q, day: state.day, skip: state.skip, limit: PAGE });
  if (!found.entries.length) return empty(state.q || state.day ? t("admin.nothing_found") : t("admin.nothing_yet"));
  const columns = kept.fields.map((field) => [
    labelOf(field), (entry) => shown(field, entry[field.name], found.names), ["count", "degrees"].includes(field.kind) ? "number" : "",
  ]);
  columns.push([t("admin.actions"), (entry) => button(t("admin.change"), () => edit(kept, entry, found.names, again)), "act"]);
  const go = (skip) => { state.skip = skip; again(); };
  return [table(term("admin.section", kept.name), columns, found.entries), pager(state.skip, found.entries.length, found.total, go)];
}

// A form for one entry; null: a new one, which may begin with `start`.
export async function edit(kept, entry, names, again, start = {}) {
  const fixed = entry ? kept.fields.filter((field) => field.is_key).map((field) => field.name) : [];
  const form = fieldForm(kept.fields, entry ?? start, { names, fixed });
  const problem = problemPlace();
  const box = dialog(`${entry ? t("admin.change") : t("admin.add")} · ${term("admin.section", kept.name)}`, { isDirty: form.isDirty });
  const save = make("button", { className: "main" }, t("shell.save"));
  form.element.id = "entry-form";
  save.setAttribute("form", "entry-form");
  form.element.addEventListener("submit", (event) => {
    event.preventDefault();
    run(save, problem, async () => {
      await send("PUT", `/registers/${kept.name}/rows`, { entry: form.read(), before: entry });
      box.shut();
      say(entry ? t("admin.saved") : t("admin.added"));
      again();
    });
  });
  box.content.append(form.element, problem);
  if (entry && mayRemove(kept, entry)) {
    const gone = button(t("admin.remove"), async () => {
      if (!(await sure(t("admin.remove"), t("admin.remove_question"), t("admin.remove")))) return;
      await run(gone, problem, async () => {
        await send("POST", `/registers/${kept.name}/removals`, { before: entry });
        box.shut();
        say(t("admin.removed"));
        again();
      });
    });
    box.foot.append(gone);
  }
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), save);
  form.element.querySelector("input:not([disabled]), select:not([disabled])")?.focus();
}

function mayRemove(kept, entry) {
  if (kept.removal === "ahead") return entry.from > data.today;
  return kept.removal === "always";
}

