// The moves of an incident: a button for each that the flow allows now, and the form of what it must say. What is typed stays,
// whatever happens meanwhile; a move is sent with the version that was looked at, and done once.
import { language, make, t, term } from "./page.js";
import { get, newKey, OfflineError, send } from "./api.js";
import { dayOf } from "./formats.js";
import * as live from "./live.js";
import { officeName } from "./command-people.js";
import { pick, placeBox } from "./command-pick.js";
import { withSession } from "./session-again.js";

const AT_ONCE = ["accept", "handle"];
const MAIN = ["accept", "handle", "feed_back", "close", "approve_extension"];
const DAY_MS = 86_400_000;
const NEEDS = {
  reason: () => t("card.needs_reason"),
  to: () => t("card.needs_to"),
  until: () => t("card.needs_until"),
  is_satisfied: () => t("card.needs_is_satisfied"),
};

let context = null;
let open = null; // the form that is open: { move, office, version, element, … }
let departments = null;

export function init(given) {
  context = given;
}

export function forget() {
  open?.unpick?.();
  open = null;
}

// Draw the buttons anew; an open form stays as it is. `changed` says who changed the incident meanwhile.
export function render(place, card, { changed, done, again }) {
  // Whoever holds it first; what other offices may do stands behind a click.
  const offices = [...card.acts_for].sort((one, other) => (other === card.incident.holder) - (one === card.incident.holder));
  const others = offices.slice(1);
  const group = (office) => make("div", { className: "moves-of" },
    make("h3", {}, t("card.as_office", { office: officeName(office, card.names) })),
    make("div", { className: "row" }, inOrder(card.moves[office]).map((move) => make("button", {
      type: "button", className: MAIN.includes(move) ? "main" : move === "terminate" ? "danger" : null, dataset: { move, office },
      onclick: (event) => begin(place, card, move, office, { done, again }, event.currentTarget),
    }, term("move", move)))));
  const wasOpen = place.querySelector(".moves-others")?.open ?? false;
  const first = make("div", { className: "moves-buttons" },
    offices.length ? group(offices[0]) : make("p", { className: "quiet small" }, t("card.no_moves")));
  const rest = make("details", { className: "moves-others", open: wasOpen, hidden: others.length === 0 },
    make("summary", {}, t("card.as_others", { n: others.length })), make("div", { className: "moves-buttons" }, others.map(group)));
  // Between the two stands the form that is open, and is not touched.
  if (place.childElementCount === 0) place.append(first, rest);
  place.firstElementChild.replaceWith(first);
  place.lastElementChild.replaceWith(rest);
  if (!open) return;
  if (changed) {
    const isStill = card.moves[open.office]?.includes(open.move);
    overtaken(card, isStill ? t("card.changed_by", changed) : `${t("card.changed_by", changed)} ${t("card.not_now", { move: term("move", open.move) })}`, isStill);
  } else if (!open.isOvertaken) {
    open.version = card.incident.version;
  }
}

// What takes it on comes first, in the order of the flow; the others as they were.
const inOrder = (moves) => [...MAIN.filter((move) => moves.includes(move)), ...moves.filter((move) => !MAIN.includes(move))];

// Whose move it is, and whose incident it will be where that is known before.
function fromTo(card, { move, office }) {
  const path = Object.values(card.path).filter(Boolean);
  const above = move === "hand_up" ? path[path.indexOf(office) + 1] : null;
  return [office, path.includes(office) && above].filter(Boolean).map((one) => officeName(one, card.names)).join(" → ");
}

async function begin(place, card, move, office, heard, button) {
  const form = card.forms[move];
  if (AT_ONCE.includes(move) && form.must.length === 0) {
    button.disabled = true;
    const problem = await sendMove(card.incident, { move, office, version: card.incident.version }, newKey(), heard);
    button.disabled = false;
    place.querySelector(".move-problem")?.remove();
    if (problem) place.firstElementChild.after(make("p", { className: "message bad move-problem", role: "alert" }, problem));
    return;
  }
  open?.element.remove();
  forget();
  place.querySelector(".move-problem")?.remove();
  open = { move, office, version: card.incident.version, fields: {}, said: "", key: null };
  open.element = await moveForm(card, form, heard);
  place.firstElementChild.after(open.element);
  open.element.querySelector("textarea, input, select, button.main")?.focus();
}

async function moveForm(card, form, heard) {
  const mine = open;
  const asked = [...form.must, ...form.may];
  const isNeeded = (name) => form.must.includes(name);
  const fields = [];
  for (const name of ["to", "assistants", "until", "is_satisfied", "reason"].filter((one) => asked.includes(one))) {
    fields.push(await field(name, card, mine, isNeeded(name)));
  }
  const problem = make("p", { className: "message bad", role: "alert", hidden: true });
  const submit = make("button", { className: mine.move === "terminate" ? "loud" : "main" }, term("move", mine.move));
  const element = make("form", { className: "move-form stack", "aria-label": term("move", mine.move) },
    make("h3", {}, term("move", mine.move), " ", make("span", { className: "quiet small" }, fromTo(card, mine))),
    fields, problem,
    make("div", { className: "row" }, submit,
      make("button", { type: "button", onclick: () => end() }, t("shell.cancel"))));
  const end = () => {
    if (open === mine) forget();
    const place = element.parentElement;
    element.remove();
    place?.querySelector(`[data-move="${mine.move}"][data-office="${mine.office}"]`)?.focus();
  };
  mine.problem = problem;
  mine.submit = submit;
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      end();
    }
  });
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    problem.hidden = true;
    const body = { move: mine.move, office: mine.office, version: mine.version };
    for (const [name, read] of Object.entries(mine.fields)) {
      const value = read();
      if (value !== null && value !== "" && value?.length !== 0) body[name] = value;
    }
    const lacking = form.must.find((name) => body[name] === undefined);
    if (lacking) {
      tell(mine, NEEDS[lacking]());
      return;
    }
    // The same words are the same request, however often they are sent; other words another.
    const said = JSON.stringify(body);
    if (mine.said !== said) Object.assign(mine, { said, key: newKey() });
    submit.disabled = true;
    const done = (...told) => {
      if (open === mine) forget();
      element.remove();
      heard.done(...told);
    };
    const failure = await sendMove(card.incident, body, mine.key, { ...heard, done }, mine);
    submit.disabled = Boolean(mine.isOvertaken);
    if (failure && !mine.isOvertaken) tell(mine, failure);
  });
  return element;
}

function tell(form, text) {
  form.problem.replaceChildren(text);
  form.problem.hidden = false;
}

// Send a move; gives what went wrong as a sentence, null where it is done.
async function sendMove(incident, body, key, { done, again }, form = null) {
  try {
    const after = await withSession(() => send("POST", `/incidents/${incident.number}/steps`, body, { headers: { "idempotency-key": key } }));
    done(t("card.done", { move: term("move", body.move) }), after);
    return null;
  } catch (error) {
    if (error instanceof OfflineError) return t("card.not_sent");
    if (error.status === 412) {
      const card = await get(`/incidents/${incident.number}`, { language }).catch(() => null);
      if (form && card) overtaken(card, error.message, card.moves[form.office]?.includes(form.move));
      again();
    }
    return error.message;
  }
}

// The incident has changed since the form was opened: say by whom; what is typed stays, and is sent once one has looked.
function overtaken(card, text, isStill) {
  const form = open;
  if (!form) return;
  form.isOvertaken = true;
  form.submit.disabled = true;
  form.problem.replaceChildren(text, " ", isStill ? make("button", {
    type: "button", className: "looked",
    onclick: () => {
      Object.assign(form, { isOvertaken: false, version: card.incident.version });
      form.submit.disabled = false;
      form.problem.hidden = true;
      form.submit.focus();
    },
  }, t("card.looked")) : "");
  form.problem.hidden = false;
}

async function field(name, card, form, isNeeded) {
  const label = (text) => make("span", {}, text, isNeeded ? "" : ` ${t("card.optional")}`);
  if (name === "reason") {
    const box = make("textarea", { maxLength: 4000, required: isNeeded, rows: 3 });
    form.fields.reason = () => box.value.trim();
    return make("label", {}, label(form.move === "comment" ? t("card.comment") : form.move === "feed_back" ? t("card.what_was_done") : t("card.reason")), box);
  }
  if (name === "is_satisfied") {
    const choice = (value, text) => make("label", { className: "check" }, make("input", { type: "radio", name: "is_satisfied", value }), make("span", {}, text));
    const box = make("fieldset", {}, make("legend", {}, t("card.satisfaction")), choice("true", t("card.satisfied")), choice("false", t("card.not_satisfied")));
    form.fields.is_satisfied = () => {
      const chosen = box.querySelector("input:checked");
      return chosen ? chosen.value === "true" : null;
    };
    return box;
  }
  if (name === "until") {
    const least = Math.max(Date.parse(card.clocks.extended_due_at ?? card.clocks.done_due_at), live.now().getTime());
    const box = make("input", { type: "date", required: true, min: dayOf(least), value: dayOf(least + DAY_MS - 1) });
    // To the end of that day, in China.
    form.fields.until = () => (box.value ? new Date(Date.parse(`${box.value}T00:00:00+08:00`) + DAY_MS).toISOString() : null);
    return make("label", {}, label(t("card.until")), box);
  }
  if (name === "to" && form.move === "reassign") return gridField(form, label);
  if (name === "to" && form.move === "hand_down") {
    const path = Object.values(card.path);
    const below = path.slice(0, Math.max(0, path.indexOf(form.office))).filter(Boolean).reverse();
    const box = make("select", {}, below.map((office) => make("option", { value: office }, officeName(office, card.names))));
    form.fields.to = () => box.value;
    return make("label", {}, label(t("card.to_below")), box);
  }
  departments ??= await get("/departments");
  const named = (one) => (language === "zh" ? one.name_zh : one.name_en);
  if (name === "to") {
    const box = make("select", { required: true }, make("option", { value: "" }, t("card.choose")),
      departments.map((one) => make("option", { value: one.office }, named(one))));
    form.fields.to = () => box.value;
    return make("label", {}, label(t("card.to_department")), box);
  }
  const boxes = departments.map((one) => make("label", { className: "check" },
    make("input", { type: "checkbox", value: one.office }), make("span", {}, named(one))));
  form.fields.assistants = () => boxes.map((box) => box.firstElementChild).filter((box) => box.checked).map((box) => box.value);
  return make("details", { className: "field" }, make("summary", {}, t("card.assistants")), make("div", { className: "checks" }, boxes));
}

// A grid or village by its name, or the grid of a place that is pressed on the map.
function gridField(form, label) {
  let code = "";
  const chosen = make("p", { className: "quiet small", role: "status" });
  const take = (of, name) => {
    code = of;
    chosen.replaceChildren(t("card.goes_to"), " ", make("b", {}, name), " ", make("span", { className: "code" }, of));
  };
  const box = placeBox({ label: "", kinds: ["grid", "village"], hint: t("card.grid_hint"), chosen: (found) => take(found.code, found.name || found.code) });
  box.querySelector("label > span").replaceWith(label(t("card.to_grid")));
  const onMap = make("button", {
    type: "button", "aria-pressed": "false",
    onclick: () => {
      if (form.unpick) {
        form.unpick();
        form.unpick = null;
      } else {
        form.unpick = pick(context.map, async (lon, lat) => {
          const told = await get("/locate", { lon, lat }).catch((error) => ({ problem: error.message }));
          if (told.problem) chosen.replaceChildren(told.problem);
          else if (told.grid) take(told.grid, told.names[told.grid] ?? told.grid);
          else chosen.replaceChildren(t("card.no_grid_there"));
        });
      }
      onMap.setAttribute("aria-pressed", String(Boolean(form.unpick)));
    },
  }, t("card.press_map"));
  form.fields.to = () => code;
  return make("div", { className: "stack" }, box, make("div", { className: "row" }, onMap), chosen);
}

// Whether a probable duplicate is one: for the first of the offices for which one acts that may end the incident.
export function duplicateButtons(card, link, done) {
  const office = card.acts_for.find((one) => card.moves[one].includes("terminate"));
  if (!office) return null;
  const decide = (isSame, text) => make("button", {
    type: "button", className: "no-print",
    onclick: async (event) => {
      const row = event.currentTarget.closest("li");
      for (const button of row.querySelectorAll("button")) button.disabled = true;
      try {
        const after = await withSession(() => send("POST", `/incidents/${link.number}/duplicates/${link.of_number}`, { is_same: isSame, office }));
        done(isSame ? t("card.said_same") : t("card.said_other"), after);
      } catch (error) {
        for (const button of row.querySelectorAll("button")) button.disabled = false;
        row.querySelector(".message")?.remove();
        row.append(make("p", { className: "message bad", role: "alert" }, error instanceof OfflineError ? t("card.not_sent") : error.message));
      }
    },
  }, text);
  return [decide(true, t("card.same")), decide(false, t("card.other"))];
}
