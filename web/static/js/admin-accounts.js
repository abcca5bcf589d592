// Accounts: who may sign in, as what, where; passwords and tokens, each shown once; wall screens and their links.
import { account as own, data, make, t, term } from "./page.js";
import { get, send } from "./api.js";
import { dayText, momentText } from "./formats.js";
import { PAGE, button, dialog, empty, fill, head, named, pager, problemPlace, run, say, showOnce, sure, table } from "./admin-parts.js";
import { pick } from "./admin-pick.js";

const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const MONTH_H = 720;
const HOURS = [[24, () => t("admin.wall.hours_day")], [168, () => t("admin.wall.hours_week")], [MONTH_H, () => t("admin.wall.hours_month")], [8760, () => t("admin.wall.hours_year")]];
const names = new Map();

// A password that nobody guesses and everybody can read out.
function newPassword() {
  const drawn = crypto.getRandomValues(new Uint32Array(16));
  const letters = Array.from(drawn, (one) => LETTERS[one % LETTERS.length]).join("");
  return letters.replace(/(.{4})(?=.)/g, "$1-");
}

const path = (name, rest = "") => `/accounts/${encodeURIComponent(name)}${rest}`;

async function learnUnits() {
  for (let cursor = null; !names.size || cursor;) {
    const page = await get("/units", { limit: 1000, cursor });
    for (const unit of page.units) names.set(unit.code, unit.name);
    cursor = page.next;
    if (!page.units.length) return;
  }
}

function unitShown(one) {
  if (one.unit.startsWith("department:")) return term("department", one.unit.slice("department:".length));
  if (!one.unit) return one.role === "worker" ? "–" : t("admin.whole_district");
  return named(names.get(one.unit) ?? names.get(one.unit.slice(0, 12)), one.unit);
}

function stateShown(one) {
  if (!one.is_active) return make("span", { className: "mark closed" }, t("admin.account.closed"));
  if (one.locked_until) return make("span", { className: "mark warn" }, t("admin.account.locked", { time: momentText(one.locked_until) }));
  return make("span", { className: "mark" }, t("admin.account.active"));
}

export async function showAccounts(place, q = "") {
  const state = { q, role: "", skip: 0 };
  const list = make("section", { className: "stack" });
  const search = make("input", { type: "search", value: q, hint: t("admin.search_hint"), "aria-label": t("admin.search") });
  const roles = make("select", { "aria-label": t("admin.account.role") }, make("option", { value: "" }, t("admin.account.all_roles")),
    Object.keys(data.roles).map((role) => make("option", { value: role }, term("account_role", role))));
  let all = [];
  const again = () => fill(list, async () => {
    [all] = await Promise.all([get("/accounts"), learnUnits()]);
    return drawn();
  });
  function drawn() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((one) => (!state.role || one.role === state.role)
      && words.every((word) => `${one.name} ${one.unit} ${names.get(one.unit) ?? ""} ${one.person} ${term("account_role", one.role)}`.toLowerCase().includes(word)));
    if (!found.length) return empty(t("admin.nothing_found"));
    const page = found.slice(state.skip, state.skip + PAGE);
    return [table(term("admin.section", "accounts"), [
      [t("admin.account.name"), (one) => make("strong", {}, one.name)],
      [t("admin.account.role"), (one) => term("account_role", one.role)],
      [t("admin.account.unit"), unitShown],
      [t("admin.account.person"), (one) => one.person || make("span", { className: "quiet" }, "–")],
      [t("admin.account.state"), stateShown],
      [t("admin.actions"), (one) => button(t("admin.open"), () => open(one, again)), "act"],
    ], page), pager(state.skip, page.length, found.length, (skip) => { state.skip = skip; list.replaceChildren(...[drawn()].flat()); })];
  }
  search.addEventListener("input", () => { Object.assign(state, { q: search.value, skip: 0 }); list.replaceChildren(...[drawn()].flat()); });
  roles.addEventListener("change", () => { Object.assign(state, { role: roles.value, skip: 0 }); list.replaceChildren(...[drawn()].flat()); });
  place.replaceChildren(
    head(term("admin.section", "accounts"), term("admin.about", "accounts"), button(t("admin.account.add"), () => add({}, again), "main")),
    make("div", { className: "row room-search" }, make("div", { className: "grow" }, search), make("div", {}, roles)), list);
  await again();
}

export async function showWalls(place) {
  const list = make("section", { className: "stack" });
  const again = () => fill(list, async () => {
    const [all] = await Promise.all([get("/accounts"), learnUnits()]);
    const walls = all.filter((one) => one.role === "wall");
    if (!walls.length) return empty(t("admin.wall.empty"));
    const cards = await Promise.all(walls.map(async (one) => wallCard(one, await get(path(one.name, "/tokens")), again)));
    return make("div", { className: "cards" }, cards);
  });
  place.replaceChildren(head(term("admin.section", "wall"), term("admin.about", "wall"),
    button(t("admin.wall.add"), () => add({ role: "wall" }, again), "main")), list);
  await again();
}

function wallCard(one, tokens, again) {
  const problem = problemPlace();
  const hours = make("select", { "aria-label": t("admin.wall.hours") }, HOURS.map(([count, label]) => make("option", { value: count }, label())));
  hours.value = String(MONTH_H);
  const link = button(t("admin.wall.new_link"), () => run(link, problem, () => newLink(one.name, Number(hours.value), again)), "main");
  return make("article", { className: "panel stack" },
    make("div", { className: "row" }, make("h2", { className: "grow" }, one.name), stateShown(one)),
    make("p", { className: "quiet" }, unitShown(one)),
    tokens.length ? tokenList(one, tokens, problem, again) : make("p", { className: "quiet" }, t("admin.wall.no_links")),
    problem, make("div", { className: "row" }, hours, link, button(t("admin.open"), () => open(one, again))));
}

async function newLink(name, hours, again) {
  const made = await send("POST", path(name, "/wall-link"), { hours });
  again();
  await showOnce(t("admin.wall.link_title", { name }), t("admin.wall.link_lead"), [[t("admin.phone.link"), `${location.origin}/wall#${made.token}`]]);
}

function tokenList(one, tokens, problem, again) {
  return make("ul", { className: "tokens" }, tokens.map((token) => {
    const isOver = token.ends_at && new Date(token.ends_at) < new Date(data.now_ms);
    const gone = button(t("admin.account.token_revoke"), async () => {
      if (!(await sure(t("admin.account.token_revoke"), t("admin.account.token_revoke_question", { label: token.label }), t("admin.account.token_revoke")))) return;
      await run(gone, problem, async () => {
        await send("DELETE", path(one.name, `/tokens/${encodeURIComponent(token.label)}`));
        again();
      });
    });
    return make("li", { className: "row" },
      make("div", { className: "grow" }, make("strong", {}, token.label), make("br"),
        make("span", { className: "quiet small" }, [
          isOver ? t("admin.account.token_ended") : token.ends_at ? t("admin.account.token_until", { day: dayText(token.ends_at) }) : t("admin.account.token_for_ever"),
          token.used_at ? t("admin.account.token_used", { time: momentText(token.used_at) }) : t("admin.account.token_never_used"),
        ].join(" · "))), gone);
  }));
}

// A field for a password with a button that makes one.
function passwordField(id) {
  const input = make("input", { id, required: true, minLength: 10, maxLength: 200, autocomplete: "new-password", spellcheck: false });
  const press = button(t("admin.account.make_password"), () => { input.value = newPassword(); });
  const element = make("div", { className: "field" }, make("label", { htmlFor: id }, t("admin.account.password")),
    make("div", { className: "row once" }, input, press), make("span", { className: "quiet small" }, t("admin.account.password_hint")));
  return { element, input };
}

// Role, unit and person, as fields that know each other.
function placeFields(start, { isRoleFixed = false } = {}) {
  const roles = make("select", { id: "account-role", required: true, disabled: isRoleFixed }, make("option", { value: "" }, ""),
    Object.keys(data.roles).map((role) => make("option", { value: role }, term("account_role", role))));
  roles.value = start.role ?? "";
  const isDepartment = (start.unit ?? "").startsWith("department:");
  const unit = pick("account_unit", { id: "account-unit", value: isDepartment ? "" : start.unit ?? data.own_unit, name: names.get(start.unit) ?? "", hint: t("admin.account.unit_hint") });
  const department = make("select", { id: "account-department", required: true });
  get("/departments").then((all) => {
    department.replaceChildren(...all.map((one) => make("option", { value: one.office }, term("department", one.code) === one.code ? one.name_zh : term("department", one.code))));
    if (isDepartment) department.value = start.unit;
  }).catch(() => null);
  const person = data.whole ? pick("person", { id: "account-person", value: start.person ?? "", hint: t("admin.duty.person_hint") })
    : make("input", { id: "account-person", value: start.person ?? "", maxLength: 60, autocomplete: "off" });
  const told = make("p", { className: "quiet small wide" });
  const field = (id, label, made, hint) => make("div", { className: "field" }, make("label", { htmlFor: id }, label), made, hint ? make("span", { className: "quiet small" }, hint) : null);
  const fields = [
    field("account-role", t("admin.account.role"), roles), field("account-unit", t("admin.account.unit"), unit),
    field("account-department", t("admin.account.department"), department),
    field("account-person", t("admin.account.person"), person, t("admin.account.person_hint")), told,
  ];
  function fit() {
    const role = roles.value;
    fields[1].hidden = role === "department";
    fields[2].hidden = role !== "department";
    department.disabled = role !== "department";
    fields[3].hidden = role !== "worker";
    unit.input.required = role === "worker";
    unit.input.placeholder = role === "worker" ? t("admin.account.unit_needed") : t("admin.account.unit_hint"); // the hint of an empty input
    told.textContent = role ? t("admin.account.role_may", { actions: data.roles[role].map((action) => data.actions[action]).join(" · ") }) : "";
  }
  roles.addEventListener("change", fit);
  fit();
  const read = () => ({ role: roles.value, unit: roles.value === "department" ? department.value : unit.value, person: roles.value === "worker" ? person.value : "" });
  return { fields, read };
}

function add(start, again) {
  const problem = problemPlace();
  const name = make("input", { id: "account-name", required: true, maxLength: 80, pattern: "[^\\s]+", autocomplete: "off", spellcheck: false });
  const where = placeFields(start, { isRoleFixed: Boolean(start.role) });
  const isWall = start.role === "wall";
  const password = passwordField("account-password");
  // A screen is let in by its link; nobody needs to know its password.
  if (isWall) password.input.value = newPassword();
  const save = make("button", { className: "main" }, t("admin.account.save"));
  save.setAttribute("form", "account-form");
  const form = make("form", { id: "account-form", className: "fields" },
    make("div", { className: "field" }, make("label", { htmlFor: "account-name" }, t("admin.account.name")), name, make("span", { className: "quiet small" }, t("admin.account.name_hint"))),
    ...where.fields, isWall ? null : password.element);
  const box = dialog(isWall ? t("admin.wall.add") : t("admin.account.add_title"), { isDirty: () => Boolean(name.value || (!isWall && password.input.value)) });
  if (isWall) box.content.append(make("p", {}, t("admin.wall.add_lead")));
  box.content.append(form, problem);
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(save, problem, async () => {
      const asked = { name: name.value.trim(), password: password.input.value, ...where.read() };
      await send("POST", "/accounts", asked);
      box.shut();
      again();
      if (isWall) await newLink(asked.name, MONTH_H, again);
      else await showOnce(t("admin.account.made_title", { name: asked.name }), "", [[t("admin.account.password"), asked.password]]);
    });
  });
  name.focus();
}

// One account: its state, its password, its tokens.
async function open(one, again) {
  const problem = problemPlace();
  const box = dialog(one.name);
  const tokens = make("section", { className: "stack" });
  const showTokens = () => fill(tokens, async () => {
    const found = await get(path(one.name, "/tokens"));
    return [make("h3", {}, t("admin.account.tokens")), make("p", { className: "quiet small" }, t("admin.account.tokens_lead")),
      found.length ? tokenList(one, found, problem, showTokens) : make("p", { className: "quiet" }, t("admin.account.no_tokens")),
      make("p", {}, button(t("admin.account.token_new"), () => newToken(one, showTokens)))];
  });
  const press = button(one.is_active ? t("admin.account.close") : t("admin.account.reopen"), async () => {
    if (one.is_active && !(await sure(t("admin.account.close"), t("admin.account.close_question", { name: one.name }), t("admin.account.close")))) return;
    await run(press, problem, async () => {
      await send("PATCH", path(one.name), { is_active: !one.is_active });
      box.shut();
      say(t("admin.account.changed"));
      again();
    });
  }, one.is_active ? "loud" : "");
  // Nobody shuts themselves out by mistake.
  press.disabled = one.name === own.name;
  box.content.append(
    make("dl", { className: "about" }, [[t("admin.account.role"), term("account_role", one.role)], [t("admin.account.unit"), unitShown(one)],
      [t("admin.account.person"), one.person || "–"], [t("admin.account.state"), stateShown(one)]].map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value)))),
    problem, make("div", { className: "row" }, button(t("admin.account.place"), () => move(one, () => { box.shut(); again(); })),
      button(t("admin.account.set_password"), () => setPassword(one)), press), make("hr"), tokens);
  box.foot.append(make("span", { className: "grow" }), button(t("shell.close"), () => box.shut()));
  await showTokens();
}

function move(one, again) {
  const problem = problemPlace();
  const where = placeFields(one);
  const before = JSON.stringify(where.read());
  const save = make("button", { className: "main" }, t("shell.save"));
  save.setAttribute("form", "place-form");
  const form = make("form", { id: "place-form", className: "fields" }, ...where.fields);
  const box = dialog(`${t("admin.account.place")} · ${one.name}`, { isDirty: () => JSON.stringify(where.read()) !== before });
  box.content.append(form, problem);
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(save, problem, async () => {
      await send("PATCH", path(one.name), where.read());
      box.shut();
      say(t("admin.account.changed"));
      again();
    });
  });
}

function setPassword(one) {
  const problem = problemPlace();
  const password = passwordField("new-password");
  const save = make("button", { className: "main" }, t("admin.account.set_password"));
  save.setAttribute("form", "password-form");
  const form = make("form", { id: "password-form", className: "stack" }, make("p", {}, t("admin.account.set_password_lead", { name: one.name })), password.element);
  const box = dialog(t("admin.account.set_password"), { isDirty: () => Boolean(password.input.value) });
  box.content.append(form, problem);
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(save, problem, async () => {
      const chosen = password.input.value;
      await send("PATCH", path(one.name), { password: chosen });
      box.shut();
      await showOnce(t("admin.account.set_password"), t("admin.account.password_done", { name: one.name }), [[t("admin.account.password"), chosen]]);
    });
  });
}

function newToken(one, again) {
  const problem = problemPlace();
  const label = make("input", { id: "token-label", required: true, maxLength: 60, autocomplete: "off", hint: t("admin.account.token_label_hint") });
  const ends = make("input", { id: "token-ends", type: "date", min: data.today, max: "2099-12-31" });
  const boxes = data.roles[one.role].filter((action) => action !== "own_account").map((action) => make("input", { type: "checkbox", value: action }));
  const save = make("button", { className: "main" }, t("admin.account.token_new"));
  save.setAttribute("form", "token-form");
  const form = make("form", { id: "token-form", className: "stack" },
    make("div", { className: "field" }, make("label", { htmlFor: "token-label" }, t("admin.account.token_label")), label),
    make("fieldset", { className: "scopes" }, make("legend", {}, t("admin.account.token_scopes")),
      boxes.map((one_) => make("label", { className: "check" }, one_, make("span", {}, data.actions[one_.value])))),
    make("div", { className: "field" }, make("label", { htmlFor: "token-ends" }, t("admin.account.token_ends")), ends, make("span", { className: "quiet small" }, t("admin.account.token_ends_hint"))));
  const box = dialog(`${t("admin.account.token_new")} · ${one.name}`, { isDirty: () => Boolean(label.value) });
  box.content.append(form, problem);
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(save, problem, async () => {
      const scopes = boxes.filter((one_) => one_.checked).map((one_) => one_.value);
      const made = await send("POST", path(one.name, "/tokens"), { label: label.value.trim(), scopes, ends_at: ends.value ? `${ends.value}T23:59:59+08:00` : null });
      box.shut();
      again();
      await showOnce(t("admin.account.token_made", { label: made.label }), "", [[t("admin.phone.token"), made.token]]);
    });
  });
}

