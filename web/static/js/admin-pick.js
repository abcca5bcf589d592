// A field for the code of a person, grid or unit that finds it by what is typed: name, pinyin initials, code.
import { make, t, term } from "./page.js";
import { get } from "./api.js";

let count = 0;

const SEARCHES = {
  person: async (words) => {
    const found = await get("/registers/people/rows", { q: words, limit: 8 });
    return found.entries.map((one) => ({ code: one.code, name: one.name, more: one.telephone }));
  },
  grid: (words) => places(words, ["grid"]),
  unit: (words) => places(words, ["township", "village"]),
  village: (words) => places(words, ["village"]),
  // As requests name a unit: an area has its word before it.
  ground: (words) => places(words, ["township", "village", "area", "grid"], (one) => (one.kind === "area" ? `area:${one.code}` : one.code)),
  account_unit: (words) => places(words, ["township", "village", "grid"]),
};

async function places(words, kinds, codeOf = (one) => one.code) {
  const found = await get("/places", { q: words, limit: 60 });
  return found.filter((one) => kinds.includes(one.kind)).slice(0, 8)
    .map((one) => ({ code: codeOf(one), name: one.name, more: term("admin.level", one.kind) }));
}

// The element of such a field; its `value` is the code, `changed` is called when it is another.
export function pick(kind, { id, value = "", name = "", hint = "", isNeeded = false, changed = () => {} } = {}) {
  const list = make("ul", { id: `pick-${++count}`, className: "pick-list", role: "listbox", "aria-label": t("admin.suggestions"), hidden: true });
  const input = make("input", {
    id, value, hint, required: isNeeded, autocomplete: "off", spellcheck: false, maxLength: 60, role: "combobox",
    "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  });
  const said = make("span", { className: "quiet small pick-said" }, name);
  const place = make("div", { className: "pick" }, input, list, said);
  let found = [], at = -1, turn = 0, timer = 0;

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    at = -1;
  }
  function choose(one) {
    input.value = one.code;
    said.textContent = one.name;
    close();
    changed(one);
  }
  function mark(next) {
    at = (next + found.length) % found.length;
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }
  async function look() {
    const mine = ++turn, words = input.value.trim();
    if (!words) return close();
    const answer = await SEARCHES[kind](words).catch(() => []);
    if (mine !== turn || document.activeElement !== input) return;
    found = answer;
    at = -1;
    list.replaceChildren(...(found.length
      ? found.map((one, place) => make("li", {
        id: `${list.id}-${place}`, role: "option", "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); choose(one); },
      }, make("span", {}, one.name || one.code), " ", make("span", { className: "quiet small" }, `${one.code} ${one.more ?? ""}`)))
      : [make("li", { role: "option", "aria-disabled": "true", className: "quiet" }, t("admin.no_suggestions"))]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }
  input.addEventListener("input", () => {
    said.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(look, 150);
    changed(null);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && found.length && !list.hidden) {
      event.preventDefault();
      mark(at < 0 ? (event.key === "ArrowDown" ? 0 : -1) : at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      choose(found[at]);
    }
  });
  Object.defineProperty(place, "value", { get: () => input.value.trim(), set: (code) => { input.value = code; } });
  place.input = input;
  return place;
}
