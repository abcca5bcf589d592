// The one filter of map, list, board and queue, in the words of the API; kept in the address, so that reload, back and
// sharing show the same. Open incidents are what it begins with.
const LISTS = ["state", "category", "grade", "level", "card", "clock_state"];
const TEXTS = ["unit", "sub_category", "reported_from", "reported_before"];
const FLAGS = ["is_open", "is_urgent"];
const BEGIN = { is_open: true };
export const NAMES = [...LISTS, ...TEXTS, ...FLAGS];

const listeners = new Set();
let current = read();

function read() {
  const asked = new URLSearchParams(location.search);
  const found = { ...BEGIN };
  for (const name of LISTS) if (asked.has(name)) found[name] = asked.getAll(name);
  for (const name of TEXTS) if (asked.get(name)) found[name] = asked.get(name);
  for (const name of FLAGS) if (asked.has(name)) found[name] = asked.get(name) === "true";
  return found;
}

// What stands in the address beside the filter stays there.
function address(filter) {
  const asked = new URLSearchParams(location.search);
  for (const name of NAMES) asked.delete(name);
  for (const name of LISTS) for (const value of filter[name] ?? []) asked.append(name, value);
  for (const name of TEXTS) if (filter[name]) asked.set(name, filter[name]);
  for (const name of FLAGS) if (Boolean(filter[name]) !== Boolean(BEGIN[name])) asked.set(name, Boolean(filter[name]));
  const text = asked.toString();
  return location.pathname + (text ? `?${text}` : "") + location.hash;
}

// The parameters of a request: only what narrows.
export function get() {
  const found = {};
  for (const name of LISTS) if (current[name]?.length) found[name] = [...current[name]];
  for (const name of TEXTS) if (current[name]) found[name] = current[name];
  for (const name of FLAGS) if (current[name]) found[name] = true;
  return found;
}

// Change a part: `set({ unit: "331002001000" })`; empty, false or null takes a part away. `replace` leaves no step for "back",
// as when a window of time plays; `why` is told to those who listen.
export function set(part, { replace = false, why = "set" } = {}) {
  const before = JSON.stringify(get());
  current = { ...current, ...part };
  if (JSON.stringify(get()) === before) return;
  history[replace ? "replaceState" : "pushState"](history.state, "", address(current));
  tell(why);
}

export function reset() {
  set(Object.fromEntries(NAMES.map((name) => [name, BEGIN[name] ?? null])), { why: "reset" });
}

// Whether more than the beginning narrows it.
export const isBegin = () => JSON.stringify(get()) === JSON.stringify(BEGIN);

export function on(heard) {
  listeners.add(heard);
  return () => listeners.delete(heard);
}

function tell(why) {
  const filter = get();
  listeners.forEach((heard) => heard(filter, why));
}

addEventListener("popstate", () => {
  const before = JSON.stringify(get());
  current = read();
  if (JSON.stringify(get()) !== before) tell("back");
});
