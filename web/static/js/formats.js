// Dates, times, numbers and measures in the manner of the page's language; days are those of Asia/Shanghai.
import { tag, language } from "./page.js";

const zone = "Asia/Shanghai";
const day = new Intl.DateTimeFormat(tag, { timeZone: zone, year: "numeric", month: "short", day: "numeric" });
const shortDay = new Intl.DateTimeFormat(tag, { timeZone: zone, month: "short", day: "numeric" });
const minute = new Intl.DateTimeFormat(tag, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const second = new Intl.DateTimeFormat(tag, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const iso = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
const weekday = new Intl.DateTimeFormat(tag, { timeZone: zone, weekday: "long" });
const whole = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 1 });

const dated = (at) => (at instanceof Date ? at : new Date(at));

export const dayText = (at) => day.format(dated(at));
export const weekdayText = (at) => weekday.format(dated(at));
export const timeText = (at) => minute.format(dated(at));
export const secondText = (at) => second.format(dated(at));
export const dayOf = (at) => iso.format(dated(at)); // 2018-05-07, as the service wants days
export const momentText = (at) => `${shortDay.format(dated(at))} ${minute.format(dated(at))}`;
// A deadline is the first instant that is too late: at midnight it is the end of the day before.
export function deadlineText(at) {
  const text = momentText(at);
  return text.endsWith("00:00") ? `${momentText(dated(at).getTime() - 1).slice(0, -5)}24:00` : text;
}
export const countText = (number) => whole.format(number);
export const tenthText = (number) => tenth.format(number);
export const shareText = (part) => share.format(part);

export function metresText(metres) {
  if (metres < 1000) return language === "zh" ? `${whole.format(metres)} 米` : `${whole.format(metres)} m`;
  return language === "zh" ? `${tenth.format(metres / 1000)} 公里` : `${tenth.format(metres / 1000)} km`;
}

// A span in its two largest units: 3 d 4 h, 3天4小时.
export function spanText(milliseconds) {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  const parts = [[Math.floor(minutes / 1440), "d"], [Math.floor(minutes / 60) % 24, "h"], [minutes % 60, "min"]];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first < 0 ? [parts[2]] : parts.slice(first, first + 2).filter(([count]) => count > 0);
  const names = language === "zh" ? { d: "天", h: "小时", min: "分钟" } : { d: " d", h: " h", min: " min" };
  return shown.map(([count, unit]) => `${count}${names[unit]}`).join(language === "zh" ? "" : " ");
}
