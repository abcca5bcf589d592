// What incidents are about, the district's own sub-categories too, in the language of the page; read once.
import { language, term } from "./page.js";
import { get } from "./api.js";

const names = new Map();
let asked = null;

// Read them; until then, and of what has no name, the category says it.
export function ready() {
  asked ??= get("/categories").then((told) => {
    for (const one of told.flatMap((category) => category.sub_categories)) names.set(one.code, one[`name_${language}`]);
    return told;
  }, () => { asked = null; });
  return asked;
}

export const kindName = (one) => names.get(one.sub_category) ?? term("category", one.category);
