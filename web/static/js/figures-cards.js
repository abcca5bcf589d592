// The charts of the figures page: what each shows, says in a sentence, and has in its table.
import { language, make, t } from "./page.js";
import { countText, shareText, tenthText } from "./formats.js";
import { bars, columns, dots } from "./charts.js";
import { defined, labelOf, table, valueText } from "./figures-parts.js";
import { partName, partTick } from "./figures-period.js";

const MOST_ROWS = 15;
const colon = language === "zh" ? "：" : ": ";
const comma = language === "zh" ? "，" : ", ";
const dayCount = (report) => Math.max(1, report.grain === "day" ? report.trend.length : (Math.min(Date.parse(report.last_day), Date.parse(report.as_of)) - Date.parse(report.first_day)) / 86_400_000 + 1);
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const highest = (rows, of) => rows.reduce((best, row) => (best === null || of(row) > of(best) ? row : best), null);
const by = (name, rows) => [...rows].sort((one, other) => name(other) - name(one));

const count = (name, of = (row) => row.figures[name]) => [() => defined(name), (row) => valueText(name, of(row)), true];
const before = (name) => [`${t("figures.before")} · ${labelOf(name)}`, (row) => valueText(name, row.before?.[name]), true];
const name = (report, grouping) => [t(`figures.by.${grouping}`), (row) => row.label, false];
const hasBefore = (report) => report.before.reported > 0;
// The title of a chart; of one by unit it says what the units are.
const titleOf = (key, report) => t(`figures.chart.${key}`, { units: report.by_unit === null ? "" : t(`figures.units.${report.by_unit}`) });
// What has no unit is not compared with units.
const known = (report) => report.units.filter((row) => row.key);
const counted = ["reported", "valid", "closed", "open", "overdue", "yellow", "red"].map((one) => count(one));
const timed = ["response_rate", "response_hours", "on_time_rate", "handling_hours"].map((one) => count(one));

// Every card: key, grouping of its file, title, whether it takes the whole width, and how it is made of a report.
export function cards(report) {
  const unit = report.by_unit;
  const parted = report.departments.filter((row) => row.key);
  const units = unit === null ? [] : [
    onTime(report, "on_time_units", known(report), unit), load(report, "load_units", report.units, unit), overdueNow(report, unit), perPatroller(report, unit), satisfaction(report, unit), reopened(report, unit),
  ];
  return [
    trend(report), categories(report), units[0], units[1], units[2],
    onTime(report, "on_time_departments", parted, "department"), load(report, "load_departments", parted, "department"),
    units[3], units[4], units[5],
  ].filter((card) => card !== undefined);
}

function trend(report) {
  const { grain } = report;
  const rows = report.trend.map((row) => ({ ...row, label: partName(row.key, grain) }));
  const top = highest(rows, (row) => row.figures.reported);
  const seen = report.total.reported === 0 ? t("figures.no_data")
    : t(grain === "day" ? "figures.seen.trend_day" : "figures.seen.trend_other", { average: countText(report.total.reported / dayCount(report)), most_at: top.label, most: countText(top.figures.reported) })
      + (grain === "week" ? ` ${t("figures.seen.partial")}` : "");
  return {
    key: "trend", grouping: grain, title: t("figures.chart.trend"), isWide: true, seen,
    legend: [["now", t("figures.now")], ...(hasBefore(report) ? [["before", t("figures.before")]] : [])],
    chart: report.total.reported === 0 && report.before.reported === 0 ? null : (words) => columns(rows.map((row) => ({
      label: row.label, tick: partTick(row.key, grain), value: row.figures.reported, before: row.key_before === null || !hasBefore(report) ? null : row.before.reported,
      says: `${row.label}${colon}${countText(row.figures.reported)}${row.key_before === null ? "" : comma + t("figures.compared", { before: `${partName(row.key_before, grain)} ${countText(row.before.reported)}` })}`,
    })), { ...words, format: countText }),
    table: () => table(t("figures.chart.trend"), [name(report, grain), count("reported"), before("reported"), ...counted.slice(1), ...timed], rows),
  };
}

function categories(report) {
  const rows = report.categories;
  const top = highest(rows, (row) => row.figures.reported);
  return {
    key: "categories", grouping: "category", title: t("figures.chart.categories"),
    seen: report.total.reported === 0 ? t("figures.no_data") : t("figures.seen.categories", { name: top.label, share: shareText(top.figures.reported / report.total.reported) }),
    legend: hasBefore(report) ? [["before", t("figures.before")]] : [],
    chart: rows.length === 0 ? null : (words) => bars(rows.map((row) => ({
      label: row.label, text: countText(row.figures.reported), parts: [{ value: row.figures.reported, name: row.key }], before: row.before.reported,
      says: `${row.label}${colon}${countText(row.figures.reported)}${comma}${t("figures.compared", { before: countText(row.before.reported) })}`,
    })), words),
    table: () => table(t("figures.chart.categories"), [name(report, "category"), count("reported"), before("reported"), ...counted.slice(1), ...timed], rows),
  };
}

// The share done on time of several groups together.
function onTimeOf(rows) {
  const base = sum(rows.map(({ figures }) => figures.done + figures.overdue));
  return base === 0 ? null : sum(rows.map(({ figures }) => figures.done_on_time)) / base;
}

// The rates of both clocks, the lowest first.
function onTime(report, key, all, grouping) {
  const rows = by((row) => -(row.figures.on_time_rate ?? row.figures.response_rate), all.filter((row) => row.figures.on_time_rate !== null || row.figures.response_rate !== null));
  const lowest = rows.find((row) => row.figures.on_time_rate !== null);
  return {
    key, grouping, title: titleOf(key, report), all: rows.length,
    seen: lowest?.figures.on_time_rate === 1 ? t("figures.seen.all_on_time") : lowest ? t("figures.seen.on_time", { all: valueText("on_time_rate", onTimeOf(all)), name: lowest.label, share: shareText(lowest.figures.on_time_rate) }) : t("figures.no_base"),
    legend: [["response_rate", t("figures.series.response_rate")], ["on_time_rate", t("figures.series.on_time_rate")]],
    chart: rows.length === 0 ? null : (words) => dots(rows.slice(0, MOST_ROWS).map((row) => ({
      label: row.label, text: `${valueText("response_rate", row.figures.response_rate)} / ${valueText("on_time_rate", row.figures.on_time_rate)}`,
      dots: ["response_rate", "on_time_rate"].filter((one) => row.figures[one] !== null).map((one) => ({ name: one, value: row.figures[one] })),
      says: `${row.label}${colon}${["response_rate", "on_time_rate"].map((one) => `${labelOf(one)} ${valueText(one, row.figures[one])}`).join(comma)}`,
    })), { ...words, format: shareText }),
    table: () => table(titleOf(key, report), [name(report, grouping), ...timed, before("response_rate"), before("on_time_rate")], rows),
  };
}

function load(report, key, all, grouping) {
  const rows = by((row) => row.figures.valid, all.filter((row) => row.figures.valid > 0));
  const total = grouping === "department" ? { open: sum(rows.map((row) => row.figures.open)), overdue: sum(rows.map((row) => row.figures.overdue)) } : report.total;
  const seen = rows.length === 0 ? t("figures.no_data") : t("figures.seen.load", { name: rows[0].label, count: countText(rows[0].figures.valid), open: countText(total.open), overdue: countText(total.overdue) });
  return {
    key, grouping, title: titleOf(key, report), all: rows.length,
    seen: grouping === "department" && rows.length ? `${t("figures.seen.departments", { count: countText(sum(rows.map((row) => row.figures.valid))) })} ${seen}` : seen,
    legend: [["closed", t("figures.series.closed")], ["in_time", t("figures.series.in_time")], ["overdue", t("figures.series.overdue")]],
    chart: rows.length === 0 ? null : (words) => bars(rows.slice(0, MOST_ROWS).map((row) => {
      const { closed, open, overdue } = row.figures;
      return {
        label: row.label, text: countText(row.figures.valid), parts: [{ name: "closed", value: closed }, { name: "in_time", value: open - overdue }, { name: "overdue", value: overdue }],
        says: `${row.label}${colon}${countText(row.figures.valid)}${comma}${t("figures.series.in_time")} ${countText(open - overdue)}${comma}${t("figures.series.overdue")} ${countText(overdue)}`,
      };
    }), words),
    table: () => table(titleOf(key, report), [name(report, grouping), ...counted, before("reported")], rows),
  };
}

// One bar for each unit, the longest first.
function plain(report, key, unit, { figure, of, rows, seen, part }) {
  const sorted = by(of, rows);
  return {
    key, grouping: unit, title: titleOf(key, report), all: sorted.length, seen: seen(sorted),
    chart: sorted.length === 0 ? null : (words) => bars(sorted.slice(0, MOST_ROWS).map((row) => ({
      label: row.label, text: valueText(figure, of(row)), parts: [{ name: part, value: of(row) }], says: `${row.label}${colon}${valueText(figure, of(row))}`,
    })), words),
  };
}

function overdueNow(report, unit) {
  const of = (row) => row.overdue_now;
  return {
    ...plain(report, "overdue_now", unit, {
      figure: "overdue_now", part: "overdue", of, rows: report.units.filter((row) => row.overdue_now > 0),
      seen: (rows) => (rows.length === 0 ? t("figures.none_overdue") : t("figures.seen.overdue_now", { count: countText(report.overdue_now), name: rows[0].label, most: countText(rows[0].overdue_now) })),
    }),
    table: () => table(titleOf("overdue_now", report), [name(report, unit), count("overdue_now", of), count("overdue")], by(of, report.units)),
  };
}

function perPatroller(report, unit) {
  const of = (row) => (row.patrollers ? row.figures.valid / row.patrollers : null);
  return {
    ...plain(report, "per_patroller", unit, {
      figure: "per_patroller", part: "plain", of, rows: known(report).filter((row) => row.patrollers > 0),
      seen: (rows) => (rows.length === 0 ? t("figures.no_base") : t("figures.seen.per_patroller", { all: tenthText(report.total.valid / report.patrollers), name: rows[0].label, count: tenthText(of(rows[0])) })),
    }),
    table: () => table(titleOf("per_patroller", report), [name(report, unit), count("per_patroller", of), count("valid"), [t("figures.label.patrollers"), (row) => countText(row.patrollers), true]], report.units),
  };
}

function satisfaction(report, unit) {
  const rows = by((row) => -row.figures.satisfaction, known(report).filter((row) => row.figures.satisfaction !== null));
  return {
    key: "satisfaction", grouping: unit, title: titleOf("satisfaction", report), all: rows.length,
    seen: rows.length === 0 ? t("figures.no_base") : rows[0].figures.satisfaction === 1 ? t("figures.seen.all_satisfied", { evaluated: countText(report.total.evaluated) }) : t("figures.seen.satisfaction", { all: shareText(report.total.satisfaction), evaluated: countText(report.total.evaluated), name: rows[0].label, share: shareText(rows[0].figures.satisfaction) }),
    chart: rows.length === 0 ? null : (words) => dots(rows.slice(0, MOST_ROWS).map((row) => ({
      label: row.label, text: shareText(row.figures.satisfaction), dots: [{ name: "satisfaction", value: row.figures.satisfaction }],
      says: `${row.label}${colon}${shareText(row.figures.satisfaction)}${comma}${labelOf("evaluated")} ${countText(row.figures.evaluated)}`,
    })), { ...words, format: shareText }),
    table: () => table(titleOf("satisfaction", report), [name(report, unit), count("satisfaction"), count("evaluated"), before("satisfaction")], rows),
  };
}

function reopened(report, unit) {
  const of = (row) => row.figures.reopened;
  return {
    ...plain(report, "reopened", unit, {
      figure: "reopened", part: "plain", of, rows: report.units.filter((row) => row.figures.reopened > 0),
      seen: (rows) => (rows.length === 0 ? t("figures.none_reopened") : t("figures.seen.reopened", { count: countText(report.total.reopened) })),
    }),
    table: () => table(titleOf("reopened", report), [name(report, unit), count("reopened"), before("reopened"), count("closed")], by(of, report.units)),
  };
}

// A card as it stands on the page: chart or table, and its files.
export function cardElement(card, { isTable, onTable, fileOf, width }) {
  const id = `card-${card.key}`;
  const words = { title: card.title, description: card.seen, width };
  const hasChart = card.chart !== null;
  const shown = isTable ? card.table() : hasChart ? card.chart(words) : make("p", { className: "empty" }, card.seen);
  const file = (ending) => make("a", { className: "button plain", href: fileOf(card.grouping, ending), download: "", "aria-label": t("figures.download", { title: card.title, ending: ending.toUpperCase() }) }, t(`figures.${ending}`));
  return make("section", { className: `panel figure-card${card.isWide ? " wide" : ""}`, id, "aria-labelledby": `${id}-title`, dataset: { card: card.key, shows: isTable ? "table" : "chart" } },
    make("div", { className: "figure-card-head" },
      make("h2", { id: `${id}-title` }, card.title),
      make("div", { className: "figure-card-acts no-print" },
        make("button", { type: "button", className: "plain", "aria-pressed": String(isTable), "aria-label": `${card.title}${colon}${t("figures.as_table")}`, onclick: () => onTable(card.key, !isTable) }, isTable ? t("figures.as_chart") : t("figures.as_table")),
        file("csv"), file("xlsx"))),
    hasChart || isTable ? make("p", { className: "quiet small" }, card.seen) : null,
    hasChart && !isTable && card.legend?.length ? make("ul", { className: "chart-legend small" }, card.legend.map(([part, text]) => make("li", { dataset: { part } }, text))) : null,
    shown,
    !isTable && card.all > MOST_ROWS ? make("p", { className: "quiet small" }, t("figures.more_rows", { shown: MOST_ROWS, all: card.all })) : null);
}
