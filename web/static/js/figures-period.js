// Weeks, months, quarters and days of one's own choice: the period that is shown, as it stands in the address.
import { t, tag } from "./page.js";
import { dayText } from "./formats.js";

const DAY_MS = 86_400_000;
export const KINDS = ["week", "month", "quarter", "span"];

// Local days are counted without a time zone: they are the same everywhere.
const at = (day) => new Date(`${day}T00:00:00Z`);
const written = (date) => date.toISOString().slice(0, 10);
const later = (day, days) => written(new Date(at(day).getTime() + days * DAY_MS));
const monthLater = (day, months) => {
  const date = at(day);
  return written(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)));
};
const MONTHS = { month: 1, quarter: 3 };
const month = new Intl.DateTimeFormat(tag, { timeZone: "UTC", year: "numeric", month: "long" });
const shortMonth = new Intl.DateTimeFormat(tag, { timeZone: "UTC", month: "short" });
const shortDay = new Intl.DateTimeFormat(tag, { timeZone: "UTC", month: "numeric", day: "numeric" });

export const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && !Number.isNaN(at(text).getTime());

// The week, month or quarter in which a day lies.
export function periodOf(kind, day) {
  const date = at(day);
  if (kind === "week") {
    const from = later(day, -((date.getUTCDay() + 6) % 7));
    return { kind, from, to: later(from, 6) };
  }
  const first = monthLater(day, kind === "quarter" ? -(date.getUTCMonth() % 3) : 0);
  return { kind, from: first, to: later(monthLater(first, MONTHS[kind]), -1) };
}

export const span = (from, to) => ({ kind: "span", from, to });

// So many periods later (or, below zero, earlier).
export function moved(period, count) {
  if (period.kind === "week") return periodOf("week", later(period.from, 7 * count));
  if (period.kind === "span") {
    const days = (at(period.to) - at(period.from)) / DAY_MS + 1;
    return span(later(period.from, days * count), later(period.to, days * count));
  }
  return periodOf(period.kind, monthLater(period.from, MONTHS[period.kind] * count));
}

export const shownDay = (day) => dayText(`${day}T12:00:00+08:00`);

// The ISO week of a day: year and number.
function week(day) {
  const thursday = at(later(day, 3 - ((at(day).getUTCDay() + 6) % 7)));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return [thursday.getUTCFullYear(), Math.floor((thursday - first) / (7 * DAY_MS)) + 1];
}

export function periodName({ kind, from, to }) {
  if (kind === "month") return month.format(at(from));
  if (kind === "quarter") return t("figures.quarter", { quarter: Math.floor(at(from).getUTCMonth() / 3) + 1, year: at(from).getUTCFullYear() });
  if (kind === "week") {
    const [year, number] = week(from);
    return t("figures.week", { week: number, year });
  }
  return `${shownDay(from)} – ${shownDay(to)}`;
}

// What a part of a trend is called: whole, and short below an axis.
export function partName(key, grain) {
  if (grain === "day") return shownDay(key);
  if (grain === "month") return month.format(at(`${key}-01`));
  const [year, number] = key.split("-W").map(Number);
  return t("figures.week", { week: number, year });
}

export function partTick(key, grain) {
  if (grain === "day") return shortDay.format(at(key));
  if (grain === "month") return shortMonth.format(at(`${key}-01`));
  return t("figures.week_tick", { week: Number(key.split("-W")[1]) });
}
