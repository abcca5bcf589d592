// What one is told after a report has been taken in: its number, grid, who answers with telephone, and the clocks.
import { byId, language, make, t } from "./page.js";
import { get } from "./api.js";
import { deadlineText, metresText } from "./formats.js";
import { answersView, officeName, onCallView, unitName } from "./command-people.js";

// Show it in the panel; `names` are those that the form knows, the card tells the others. `close` and `again` are buttons.
export function showSent(context, told, names, heard) {
  draw(context, told, names, heard);
  get(`/incidents/${told.incident.number}`, { language }).then((card) => {
    if (byId("report-sent")?.dataset.number === String(told.incident.number)) draw(context, told, { ...names, ...card.names }, heard);
  }).catch(() => null); // Whoever may not read the card knows the codes.
}

function draw(context, told, names, { close, again }) {
  const one = told.incident;
  const clock = (label, at) => [make("dt", {}, label), make("dd", {}, deadlineText(at))];
  byId("detail").hidden = false;
  byId("detail").replaceChildren(make("article", { className: "card sent", id: "report-sent", dataset: { number: one.number } },
    make("header", { className: "card-bar" }, make("h2", { tabIndex: -1 }, t("report.sent", { number: one.number })),
      make("button", { type: "button", className: "plain", "aria-label": t("shell.close"), onclick: close }, "✕")),
    !told.is_new && make("p", { className: "message" }, t("report.was_there")),
    make("section", {}, make("dl", { className: "facts" },
      make("dt", {}, t("card.grid")), make("dd", {}, one.grid ? [unitName(one.grid, names), " ", make("span", { className: "code" }, one.grid)] : t("card.no_grid")),
      make("dt", {}, t("card.waits_at")), make("dd", {}, officeName(one.holder, names)),
      told.duplicate && [make("dt", {}, t("card.duplicates")), make("dd", {}, `#${told.duplicate.of_number} · ${metresText(told.duplicate.distance_m)}`)])),
    make("section", {}, make("h3", {}, t("card.who")), told.answers.length ? answersView(told.answers, names) : make("p", { className: "quiet" }, t("report.to_queue")), onCallView(told.on_call, names)),
    make("section", {}, make("h3", {}, t("card.clocks")), make("dl", { className: "facts" },
      clock(t("report.response_by"), told.clocks.response_due_at), clock(t("report.done_by"), told.clocks.done_due_at), clock(t("report.most_by"), told.clocks.most_due_at))),
    make("div", { className: "row" },
      make("button", { type: "button", className: "main", onclick: () => context.bus.open(one.number) }, t("report.open_card")),
      make("button", { type: "button", onclick: () => again() }, t("report.another")))));
  byId("detail").scrollTop = 0;
  byId("detail").querySelector("h2").focus();
}
