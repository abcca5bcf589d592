// The fields of a register as a form, and their texts as people read them.
import { language, make, t, term } from "./page.js";
import { dayText } from "./formats.js";
import { named } from "./admin-parts.js";
import { pick } from "./admin-pick.js";

// In which table the labels of a choice stand, by the name of the field.
const TERMS = { role: "role", shift: "shift", category: "category", level: "admin.level", rule: "admin.rule", field: "admin.translated" };
const CODED = ["person", "grid", "unit", "village"];

// As in the files, except where a name is shown instead of the code that a file has.
const OWN_LABELS = [...CODED, "day"];
export const labelOf = (field) =>
  OWN_LABELS.includes(field.kind) ? term("admin.field", field.name) : language === "zh" ? field.heading_zh : field.heading_en;

// The text of a field for people; `names` says what people and units are called.
export function shown(field, text, names = {}) {
  if (text === "") return make("span", { className: "quiet" }, field.name === "to" ? t("admin.until_further_notice") : "–");
  if (field.kind === "day") return dayText(`${text}T00:00:00+08:00`);
  if (field.kind === "yes") return text === "true" ? t("admin.yes") : t("admin.no");
  if (field.kind === "choice") return term(TERMS[field.name], text);
  if (CODED.includes(field.kind)) return named(names[text] ?? names[text.slice(0, 12)], text);
  return field.name === "kind" ? term("admin.kind", text) : text;
}

function control(field, value, names, isFixed) {
  const id = `field-${field.name}`;
  const common = { id, value, required: field.is_needed, disabled: isFixed };
  if (field.kind === "choice" || field.kind === "yes") {
    const choices = field.kind === "yes" ? [["true", t("admin.yes")], ["false", t("admin.no")]] : field.choices.map((one) => [one, term(TERMS[field.name], one)]);
    const made = make("select", { id, required: field.is_needed, disabled: isFixed },
      make("option", { value: "" }, ""), choices.map(([code, label]) => make("option", { value: code }, label)));
    made.value = value;
    return made;
  }
  if (CODED.includes(field.kind) && !isFixed) {
    return pick(field.kind, { id, value, name: names[value] ?? "", hint: term("admin.field", field.name), isNeeded: field.is_needed });
  }
  const kinds = { day: { type: "date", min: "1990-01-01", max: "2099-12-31" }, count: { inputMode: "numeric", pattern: "[0-9]*" },
    degrees: { inputMode: "decimal" }, telephone: { type: "tel", maxLength: 60 } };
  return make("input", { autocomplete: "off", maxLength: 200, ...common, ...(kinds[field.kind] ?? {}) });
}

// A form of fields: { element, read(), isDirty() }. Fields in `fixed` cannot be changed.
export function fieldForm(fields, entry, { names = {}, fixed = [] } = {}) {
  const controls = new Map();
  const element = make("form", { className: "fields", noValidate: false });
  for (const field of fields) {
    const made = control(field, entry[field.name] ?? "", names, fixed.includes(field.name));
    controls.set(field.name, made);
    const known = CODED.includes(field.kind) && fixed.includes(field.name) ? names[entry[field.name]] ?? names[(entry[field.name] ?? "").slice(0, 12)] : "";
    const hint = field.name === "to" && field.kind === "day" ? t("admin.date_exclusive") : known;
    element.append(make("div", { className: "field" },
      make("label", { htmlFor: `field-${field.name}` }, labelOf(field), field.is_needed || fixed.includes(field.name) ? "" : ` · ${t("admin.optional")}`),
      made, hint ? make("span", { className: "quiet small" }, hint) : ""));
  }
  if (fixed.length) element.append(make("p", { className: "quiet small wide" }, t("admin.is_key")));
  const read = () => Object.fromEntries(fields.map((field) => [field.name, controls.get(field.name).value.trim()]));
  const before = JSON.stringify(read());
  return { element, read, isDirty: () => JSON.stringify(read()) !== before };
}
