// A file into a register: first what would become of it, row by row, then, if that is wanted, it is taken in.
import { make, t } from "./page.js";
import { fetchFile, send } from "./api.js";
import { countText } from "./formats.js";
import { button, dialog, problemPlace, run, table } from "./admin-parts.js";
import { labelOf, shown } from "./admin-fields.js";

const SHOWN = 200;

export function upload(kept, title, again) {
  let isLooked = false;
  const box = dialog(t("admin.files.upload_title", { list: title }), { isWide: true, isDirty: () => isLooked });
  const problem = problemPlace();
  const result = make("section", { className: "stack", "aria-live": "polite" });
  const input = make("input", { type: "file", accept: ".csv,.xlsx,.txt", id: "upload-file", "aria-label": t("admin.files.choose") });
  input.addEventListener("change", () => input.files.length && look(input.files[0]));
  box.content.append(make("p", {}, t("admin.files.upload_lead")), input, problem, result);

  const form = (file) => {
    const sent = new FormData();
    sent.append("file", file);
    return sent;
  };
  function foot(...controls) {
    box.foot.replaceChildren(make("span", { className: "grow" }), ...controls);
  }
  const cancel = () => button(t("shell.cancel"), () => box.ask());
  foot(cancel());

  async function look(file) {
    isLooked = false;
    foot(cancel());
    result.replaceChildren(make("p", { className: "empty" }, t("admin.files.checking")));
    await run(input, problem, async () => {
      const seen = await send("PUT", `/registers/${kept.name}?dry_run=true`, form(file));
      result.replaceChildren(...told(seen, file));
      const count = seen.new + seen.changed;
      if (!count) return;
      isLooked = true;
      const take = button(t(seen.refused ? "admin.files.take_in_rest" : "admin.files.take_in", { count: countText(count) }), () =>
        run(take, problem, async () => {
          const done = await send("PUT", `/registers/${kept.name}`, form(file));
          isLooked = false;
          result.replaceChildren(make("p", { className: "message good", role: "status" }, t("admin.files.done", {
            new: countText(done.new), changed: countText(done.changed), same: countText(done.same), refused: countText(done.refused),
          })), ...(done.refused ? [rejects(done, file)] : []));
          foot(button(t("shell.close"), () => box.shut(), "main"));
          again();
        }), "main");
      foot(cancel(), take);
      take.focus();
    });
    if (!problem.hidden) result.replaceChildren();
  }

  function told(seen, file) {
    const parts = [make("dl", { className: "tiles" },
      [["new", t("admin.files.new")], ["changed", t("admin.files.changed")], ["same", t("admin.files.same")], ["refused", t("admin.files.refused")]].map(([name, label]) =>
        make("div", { className: `tile ${name} ${seen[name] ? "" : "zero"}` }, make("dt", {}, label), make("dd", {}, countText(seen[name])))))];
    if (!seen.new && !seen.changed) parts.push(make("p", { className: "message" }, seen.same ? t("admin.files.nothing_to_do") : t("admin.files.nothing_usable")));
    if (seen.refused) parts.push(rejects(seen, file));
    if (seen.differences.length) {
      parts.push(make("h3", {}, t("admin.files.differences_title")));
      parts.push(table(t("admin.files.differences_title"), [[t("admin.files.line"), (one) => countText(one.line), "number"],
        ...kept.fields.map((field) => [labelOf(field), (one) => difference(field, one)])], seen.differences));
      if (seen.new + seen.changed > SHOWN) parts.push(make("p", { className: "quiet small" }, t("admin.files.differences_more", { count: SHOWN })));
    }
    return parts;
  }

  function difference(field, one) {
    const now = shown(field, one.entry[field.name]);
    if (!one.before) return make("ins", {}, now);
    if (one.before[field.name] === one.entry[field.name]) return now;
    const before = shown(field, one.before[field.name]);
    return [make("ins", {}, now), " ", make("del", { className: "small" }, before)];
  }

  function rejects(seen, file) {
    const fetched = button(t("admin.files.rejects"), () => run(fetched, problem, async () => {
      const address = URL.createObjectURL(await fetchFile("POST", `/registers/${kept.name}/rejects`, form(file)));
      make("a", { href: address, download: `${kept.name}.rejects.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    }));
    const rows = seen.reasons.slice(0, SHOWN);
    return make("section", { className: "stack" },
      make("div", { className: "row" }, make("h3", { className: "grow bad-ink" }, t("admin.files.refused_title")), fetched),
      table(t("admin.files.refused_title"), [[t("admin.files.line"), (one) => countText(one.line), "number"], [t("admin.files.why"), (one) => one.reason]], rows),
      seen.refused > rows.length ? make("p", { className: "quiet small" }, t("admin.files.refused_more", { count: rows.length })) : null);
  }
}
