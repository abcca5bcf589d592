// What the sections of the administration are made of: heads, tables with pages, dialogs that lose nothing, secrets shown once.
import { make, t } from "./page.js";
import { OfflineError } from "./api.js";
import { countText } from "./formats.js";
import { withSession } from "./session-again.js";

export const PAGE = 50;

export const told = (error) =>
  error instanceof OfflineError ? t("admin.offline") : t("shell.went_wrong", { detail: error.message });

export const message = (text, kind = "bad") => make("p", { className: `message ${kind}`, role: kind === "bad" ? "alert" : "status" }, text);

// A note at the foot of the page that goes by itself.
export function say(text) {
  document.getElementById("admin-said")?.remove();
  const note = make("p", { id: "admin-said", className: "message good admin-said", role: "status" }, text);
  (openOnes.at(-1)?.element ?? document.body).append(note);
  setTimeout(() => note.remove(), 6000);
}

export function button(text, onclick, kind = "") {
  return make("button", { type: "button", className: kind, onclick }, text);
}

// The head of a section: title, what it is for, and what can be done.
export function head(title, about, ...actions) {
  return make("header", { className: "room-head" },
    make("div", {}, make("h1", {}, title), make("p", { className: "quiet" }, about)),
    make("div", { className: "row room-actions" }, ...actions));
}

// Fill a place with what `load` gives; meanwhile and where it fails it says so.
export async function fill(place, load) {
  const turn = Symbol("turn");
  place.turn = turn;
  const wait = setTimeout(() => {
    if (place.turn === turn) place.replaceChildren(make("p", { className: "empty", role: "status" }, t("shell.loading")));
  }, 250);
  try {
    const found = await load();
    if (place.turn === turn) place.replaceChildren(...[found].flat());
  } catch (error) {
    if (place.turn === turn) {
      place.replaceChildren(make("div", { className: "stack" }, message(told(error)),
        make("p", {}, button(t("shell.retry"), () => fill(place, load)))));
    }
  } finally {
    clearTimeout(wait);
  }
}

// A table: `columns` are [heading, cell of a row, class]; on a phone each row is a card whose cells name themselves.
export function table(label, columns, rows) {
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": label },
    make("table", { className: "admin-table" },
      make("thead", {}, make("tr", {}, columns.map(([heading, , kind = ""]) => make("th", { scope: "col", className: kind }, heading)))),
      make("tbody", {}, rows.map((row) => make("tr", {}, columns.map(([heading, cell, kind = ""], place) => {
        const made = make(place === 0 ? "th" : "td", { className: kind, dataset: { label: heading } }, make("div", {}, [cell(row)].flat()));
        if (place === 0) made.scope = "row";
        return made;
      }))))));
}

// A name with the code it stands for.
export const named = (name, code) =>
  name && name !== code ? [make("span", {}, name), " ", make("span", { className: "quiet small code" }, code)] : make("span", {}, code);

export const empty = (text) => make("p", { className: "empty" }, text);

// Leafing: where one is, and one page on or back.
export function pager(skip, count, total, go) {
  return make("div", { className: "row pager" },
    make("span", { className: "quiet" }, t("admin.page_of", { first: countText(total ? skip + 1 : 0), last: countText(skip + count), total: countText(total) })),
    make("button", { type: "button", disabled: skip === 0, onclick: () => go(Math.max(0, skip - PAGE)) }, t("admin.earlier")),
    make("button", { type: "button", disabled: skip + count >= total, onclick: () => go(skip + PAGE) }, t("admin.later")));
}

const openOnes = [];

export const isAnythingDirty = () => openOnes.some((one) => one.isDirty());

addEventListener("beforeunload", (event) => {
  if (isAnythingDirty()) event.preventDefault();
});

// A dialog. `question` is asked before it closes while `isDirty()`; the dialog is returned with `shut(value)` and `closed`.
export function dialog(title, { isWide = false, isDirty = () => false, question = "", yes = "", no = "" } = {}) {
  const name = `dialog-${openOnes.length + 1}`;
  const content = make("div", { className: "stack dialog-content" });
  const foot = make("div", { className: "row dialog-foot" });
  const asked = make("div", { className: "row dialog-foot dialog-asked", hidden: true });
  const element = make("dialog", { className: isWide ? "wide" : "", "aria-labelledby": name },
    make("div", { className: "row dialog-head" }, make("h2", { id: name }, title),
      make("button", { type: "button", className: "plain", "aria-label": t("shell.close"), onclick: () => ask() }, "✕")),
    content, foot, asked);
  let done;
  const closed = new Promise((resolve) => { done = resolve; });
  const one = { element, isDirty };
  function shut(value) {
    openOnes.splice(openOnes.indexOf(one), 1);
    element.close();
    element.remove();
    done(value);
  }
  function ask() {
    if (!isDirty()) return shut();
    asked.replaceChildren(make("p", { className: "grow", role: "alert" }, question || t("admin.discard_question")),
      button(no || t("admin.keep_editing"), () => { asked.hidden = true; foot.hidden = false; }),
      button(yes || t("admin.discard"), () => shut(), "loud"));
    asked.hidden = false;
    foot.hidden = true;
    asked.querySelector("button").focus();
  }
  element.addEventListener("cancel", (event) => { event.preventDefault(); ask(); });
  // Browsers close a dialog on a second Escape whatever is said to the first.
  element.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); ask(); } });
  document.body.append(element);
  openOnes.push(one);
  element.showModal();
  return { element, content, foot, shut, ask, closed };
}

// A question with one answer that cannot be undone; true where it is given.
export async function sure(title, text, yes) {
  const asked = dialog(title);
  asked.content.append(make("p", {}, text));
  asked.foot.append(button(t("shell.cancel"), () => asked.shut(false)), button(yes, () => asked.shut(true), "loud"));
  asked.foot.firstChild.focus();
  return (await asked.closed) === true;
}

// Run what a button asks for; while it runs it cannot be asked again, what goes wrong is said beside it. Whoever has signed in
// again in another tab goes on with what they have typed.
export async function run(control, problem, work) {
  control.disabled = true;
  problem.hidden = true;
  try {
    await withSession(work);
  } catch (error) {
    problem.replaceChildren(told(error));
    // What the shell says of it lies behind the dialog.
    if (error.status === 401) problem.append(" ", make("a", { href: "/sign-in", target: "_blank" }, t("shell.sign_in_again")));
    problem.hidden = false;
    problem.scrollIntoView({ block: "nearest" });
  } finally {
    control.disabled = false;
  }
}

export const problemPlace = () => make("p", { className: "message bad", role: "alert", hidden: true });

// What is shown this once: fields with a button to copy each, and, where there is one, a picture to be scanned.
export function showOnce(title, lead, fields, picture = null) {
  const shown = dialog(title, {
    isDirty: () => true, question: t("admin.close_question"), yes: t("admin.close_anyway"), no: t("admin.not_yet"),
  });
  shown.content.append(...(lead ? [make("p", {}, lead)] : []));
  if (picture) shown.content.append(make("img", { className: "qr", alt: picture.alt, src: `data:image/svg+xml;base64,${btoa(picture.svg)}` }));
  for (const [label, value] of fields) {
    const field = make("input", { readOnly: true, value, spellcheck: false, "aria-label": label });
    const press = button(t("admin.copy"), async () => {
      await copy(field);
      press.textContent = t("admin.copied");
    });
    shown.content.append(make("div", { className: "field" }, make("span", {}, label), make("div", { className: "row once" }, field, press)));
  }
  shown.content.append(make("p", { className: "quiet small" }, t("admin.shown_once")));
  shown.foot.append(button(t("shell.close"), () => shown.ask(), "main"));
  return shown.closed;
}

// navigator.clipboard is missing on plain http.
async function copy(field) {
  field.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value).catch(() => document.execCommand("copy"));
  else document.execCommand("copy");
}
