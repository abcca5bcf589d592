// What the parts of the command page tell each other: which incident is opened, where the map was pressed, what changed.
//   open {number}        show the card of an incident          close {}            show it no longer
//   place {lon, lat}     the map was asked for a position      report {lon?, lat?} begin a report, there if it says where
//   show_area {unit}     bring a unit or grid into view        changed {number}    an incident was changed on this page
const listeners = new Map();
let opened = null;

export function on(name, heard) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(heard);
  return () => listeners.get(name).delete(heard);
}

export function tell(name, told = {}) {
  if (name === "open") opened = told.number;
  if (name === "close") opened = null;
  listeners.get(name)?.forEach((heard) => heard(told));
}

export const open = (number) => tell("open", { number });
export const close = () => tell("close");

// The number of the incident whose card is open, else null.
export const openNumber = () => opened;
