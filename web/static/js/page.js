// What the server told this page: language, words, who is signed in. The only module that reads the element `page-data`.
const told = JSON.parse(document.getElementById("page-data").textContent);

export const language = told.language;
export const tag = told.tag;
export const account = told.account;
export const assets = told.assets;
export const data = told;

let csrf = told.csrf;
export const csrfToken = () => csrf;
export const useCsrf = (token) => { csrf = token; };

// The words of a key with its values put in; a key without words shows itself, so that a picture shows what is missing.
export function t(key, values = {}) {
  const text = told.words[key];
  if (text === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

// The label of a code of a table of the field, such as ("state", "reported"); of an unknown code the code itself.
export const term = (table, code) => told.words[`${table}.${code}`] ?? code;

export const may = (action) => account !== null && account.actions.includes(action);

// An element with properties and children: make("p", { className: "quiet" }, "text").
export function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key === "hint") made.placeholder = value; // HTML's name for the hint in an empty input; nothing is unfinished
    else if (key === "dataset") Object.assign(made.dataset, value);
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== "list" && key !== "form") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const byId = (id) => document.getElementById(id);
