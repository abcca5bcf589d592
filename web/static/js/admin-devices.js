// Phones: paired by a code that is shown once, watched, revoked, and told in which datum they send.
import { data, language, make, t, term } from "./page.js";
import { get, send } from "./api.js";
import { dayText, momentText, shareText } from "./formats.js";
import { PAGE, button, dialog, empty, fill, head, named, pager, problemPlace, run, say, showOnce, sure, table } from "./admin-parts.js";
import { pick } from "./admin-pick.js";

const DATUMS = ["wgs84", "cgcs2000", "gcj02", "bd09"];
const STATES = ["active", "not_yet", "over", "revoked"];
const stateName = (state) => term("admin.phone", `state_${state}`);
const appName = (app) => term("admin.phone", `app_${app}`);
const day = (text) => dayText(`${text}T00:00:00+08:00`);

export async function showDevices(place, q = "") {
  const state = { q, kind: "", skip: 0 };
  const list = make("section", { className: "stack" });
  const search = make("input", { type: "search", value: q, hint: t("admin.search_hint"), "aria-label": t("admin.search") });
  const kinds = make("select", { "aria-label": t("admin.phone.state") }, make("option", { value: "" }, t("admin.phone.all_states")),
    STATES.map((one) => make("option", { value: one }, stateName(one))), make("option", { value: "suspect" }, t("admin.phone.only_suspect")));
  let all = [];
  const again = () => fill(list, async () => {
    all = [];
    for (let cursor = null, isFirst = true; isFirst || cursor; isFirst = false) {
      const page = await get("/devices", { limit: 1000, cursor });
      all.push(...page.devices);
      cursor = page.next;
    }
    return drawn();
  });
  const redraw = () => list.replaceChildren(...[drawn()].flat());
  function drawn() {
    if (!all.length) return empty(t("admin.phone.empty"));
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((one) => (state.kind === "suspect" ? one.suspicion : !state.kind || one.state === state.kind)
      && words.every((word) => `${one.phone} ${one.person} ${one.name} ${one.label} ${one.app}`.toLowerCase().includes(word)));
    if (!found.length) return empty(t("admin.nothing_found"));
    const page = found.slice(state.skip, state.skip + PAGE);
    return [table(term("admin.section", "devices"), [
      [t("admin.phone.person"), (one) => named(one.name, one.person)],
      [t("admin.phone.app"), (one) => [appName(one.app), make("br"), make("span", { className: "quiet small" }, `№ ${one.phone} · ${one.label}`)]],
      [t("admin.phone.state"), (one) => [make("span", { className: `mark ${one.state === "active" ? "" : "closed"}` }, stateName(one.state)), make("br"),
        make("span", { className: "quiet small" }, one.to_day ? t("admin.phone.days", { from: day(one.from_day), to: day(one.to_day) }) : t("admin.phone.days_open", { from: day(one.from_day) }))]],
      [t("admin.phone.seen"), (one) => [one.seen_at ? momentText(one.seen_at) : make("span", { className: "quiet" }, t("admin.phone.never_seen")),
        one.battery === null ? "" : make("span", { className: "quiet small" }, ` · ${t("admin.phone.battery")} ${shareText(one.battery)}`)]],
      [t("admin.phone.datum"), (one) => [term("admin.datum", one.datum), one.suspicion ? make("span", { className: "mark warn" }, t("admin.phone.suspicion", { datum: term("admin.datum", one.suspicion.suspects) })) : ""]],
      [t("admin.actions"), (one) => button(t("admin.open"), () => open(one, again)), "act"],
    ], page), pager(state.skip, page.length, found.length, (skip) => { state.skip = skip; redraw(); })];
  }
  search.addEventListener("input", () => { Object.assign(state, { q: search.value, skip: 0 }); redraw(); });
  kinds.addEventListener("change", () => { Object.assign(state, { kind: kinds.value, skip: 0 }); redraw(); });
  place.replaceChildren(head(term("admin.section", "devices"), term("admin.about", "devices"), button(t("admin.phone.pair"), () => pair(again), "main")),
    make("div", { className: "row room-search" }, make("div", { className: "grow" }, search), make("div", {}, kinds)), list);
  await again();
}

function pair(again) {
  const problem = problemPlace();
  let name = "";
  const field = (id, label, made, hint) => make("div", { className: "field" }, make("label", { htmlFor: id }, label), made, hint ? make("span", { className: "quiet small" }, hint) : null);
  const person = pick("person", { id: "pair-person", hint: t("admin.duty.person_hint"), isNeeded: true, changed: (one) => { name = one ? one.name : ""; } });
  const app = make("select", { id: "pair-app" }, data.apps.map((one) => make("option", { value: one }, appName(one))));
  const from = make("input", { id: "pair-from", type: "date", value: data.today, required: true, min: "1990-01-01", max: "2099-12-31" });
  const until = make("input", { id: "pair-until", type: "date", min: "1990-01-01", max: "2099-12-31" });
  const datum = make("select", { id: "pair-datum" }, make("option", { value: "" }, t("admin.phone.datum_default")), DATUMS.slice(1).map((one) => make("option", { value: one }, term("admin.datum", one))));
  const interval = make("input", { id: "pair-interval", type: "number", min: 1, max: 86400, value: 60 });
  const distance = make("input", { id: "pair-distance", type: "number", min: 1, max: 10000, value: 20 });
  const phone = make("input", { id: "pair-phone", type: "number", min: 1, max: 2147483647 });
  const label = make("input", { id: "pair-label", maxLength: 80, autocomplete: "off" });
  const save = make("button", { className: "main" }, t("admin.phone.pair"));
  save.setAttribute("form", "pair-form");
  const form = make("form", { id: "pair-form", className: "fields" },
    field("pair-person", t("admin.phone.person"), person), field("pair-app", t("admin.phone.app"), app), field("pair-from", t("admin.phone.from"), from),
    field("pair-until", t("admin.phone.until"), until, t("admin.phone.until_hint")),
    make("details", { className: "wide" }, make("summary", {}, t("admin.phone.more")), make("div", { className: "fields" },
      field("pair-interval", t("admin.phone.interval"), interval), field("pair-distance", t("admin.phone.distance"), distance),
      field("pair-datum", t("admin.phone.datum"), datum), field("pair-label", t("admin.phone.label"), label),
      field("pair-phone", t("admin.phone.handed_over"), phone, t("admin.phone.handed_over_hint")))));
  const box = dialog(t("admin.phone.pair_title"), { isDirty: () => Boolean(person.value) });
  box.content.append(form, problem);
  box.foot.append(make("span", { className: "grow" }), button(t("shell.cancel"), () => box.ask()), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(save, problem, async () => {
      const made = await send("POST", "/devices", {
        person: person.value, app: app.value, from_day: from.value, to_day: until.value || null, label: label.value, datum: datum.value || null,
        phone: phone.value ? Number(phone.value) : null, interval_s: Number(interval.value), distance_m: Number(distance.value),
      });
      box.shut();
      again();
      const fields = made.link ? [[t("admin.phone.link"), made.link]] : [[t("admin.phone.address"), made.address], [t("admin.phone.token"), made.token]];
      await showOnce(t("admin.phone.paired_title", { name: name || made.device.name || made.device.person }), made.link ? t("admin.phone.paired_lead") : t("admin.phone.paired_script"),
        fields, made.qr_svg ? { svg: made.qr_svg, alt: t("admin.phone.qr") } : null);
    });
  });
  person.input.focus();
}

function open(one, again) {
  const problem = problemPlace();
  const who = one.name || one.person;
  const box = dialog(`${who} · № ${one.phone}`);
  const datum = make("select", { id: "device-datum" }, DATUMS.map((kind) => make("option", { value: kind }, term("admin.datum", kind))));
  datum.value = one.suspicion ? one.suspicion.suspects : one.datum;
  const set = button(t("admin.phone.datum_change"), async () => {
    if (!(await sure(t("admin.phone.datum_change"), t("admin.phone.datum_question", { datum: term("admin.datum", datum.value) }), t("admin.phone.datum_change")))) return;
    await run(set, problem, async () => {
      await send("PUT", `/devices/${one.id}/datum`, { datum: datum.value });
      box.shut();
      say(t("admin.phone.datum_set"));
      again();
    });
  });
  const gone = button(t("admin.phone.revoke"), async () => {
    if (!(await sure(t("admin.phone.revoke"), t("admin.phone.revoke_question", { name: who }), t("admin.phone.revoke")))) return;
    await run(gone, problem, async () => {
      await send("DELETE", `/devices/${one.id}`);
      box.shut();
      say(t("admin.phone.revoked"));
      again();
    });
  }, "loud");
  box.content.append(
    make("dl", { className: "about" }, [[t("admin.phone.app"), appName(one.app)], [t("admin.phone.label"), one.label], [t("admin.phone.state"), stateName(one.state)],
      [t("admin.phone.from"), day(one.from_day)], [t("admin.phone.until"), one.to_day ? day(one.to_day) : t("admin.until_further_notice")],
      [t("admin.phone.seen"), one.seen_at ? momentText(one.seen_at) : t("admin.phone.never_seen")]].map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value)))),
    ...(one.suspicion ? [make("p", { className: "message warn" }, one.suspicion[language])] : []), problem);
  if (one.state !== "revoked") {
    box.content.append(make("div", { className: "field" }, make("label", { htmlFor: "device-datum" }, t("admin.phone.datum")), make("div", { className: "row once" }, datum, set)));
    box.foot.append(gone);
  }
  box.foot.append(make("span", { className: "grow" }), button(t("shell.close"), () => box.shut()));
}
