// Small charts as SVG: columns over time, bars, stacked bars, dots on a scale; each says in words what it shows. Places along
// a chart are shares of its width between two margins, so that it fits whatever it stands in, paper too.

const SVG = "http://www.w3.org/2000/svg";
let made = 0;

function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== null) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const percent = (share) => `${(100 * share).toFixed(3)}%`;

// Steps of 1, 2 or 5 times a power of ten that cover [low, high] in about `count` parts.
export function niceTicks(low, high, count = 4, { whole = false } = {}) {
  if (!(high > low)) high = low + 1;
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough - 1e-12);
  if (whole) step = Math.max(1, Math.round(step));
  const ticks = [];
  for (let at = Math.floor(low / step + 1e-9); ; at++) {
    ticks.push(Number((at * step).toPrecision(12)));
    if (at * step >= high - 1e-9 * step) return ticks;
  }
}

// How high a letter of small type is on this screen, in pixels.
const letter = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--type-small")) || 12;

// About as wide as a text is drawn: Han characters are as wide as high, others a little over half.
const widthOf = (text, size) => [...text].reduce((sum, one) => sum + (one.codePointAt(0) > 0x2e7f ? 1 : 0.56), 0) * size;

function shortened(text, width, size) {
  if (widthOf(text, size) <= width) return text;
  let kept = [...text];
  while (kept.length > 1 && widthOf(kept.join("") + "…", size) > width) kept = kept.slice(0, -1);
  return kept.join("") + "…";
}

// The margins are padding of the element: 0 % and 100 % are the sides of the plot, names and values stand beyond them.
function frame(height, { title, description, left, right }) {
  const id = `chart-${++made}`;
  return draw("svg", { class: "chart", height, style: `padding: 0 ${right.toFixed(1)}px 0 ${left.toFixed(1)}px`, role: "img", "aria-labelledby": `${id}-t ${id}-d` },
    draw("title", { id: `${id}-t` }, title), draw("desc", { id: `${id}-d` }, description));
}

// `width`, in pixels, says about how much room there is: for as many ticks and as long names as fit.
// Columns in the order of time; a thin line shows the period before. parts: [{label, tick, value, before}].
export function columns(parts, { title, description, format, width }) {
  const size = letter();
  const height = Math.round(15 * size);
  const ticks = niceTicks(0, Math.max(1, ...parts.flatMap(({ value, before }) => [value, before ?? 0])), 4, { whole: true });
  const top = ticks.at(-1);
  const left = Math.max(...ticks.map((tick) => widthOf(format(tick), size))) + size;
  const [above, below] = [size, 1.9 * size];
  const plot = height - above - below;
  const y = (value) => above + plot * (1 - value / top);
  const svg = frame(height, { title, description, left, right: 2 });
  for (const tick of ticks) {
    svg.append(draw("text", { class: "chart-tick", x: -size / 2, y: y(tick) + size / 3, "text-anchor": "end" }, format(tick)));
    svg.append(draw("line", { class: tick === 0 ? "chart-base" : "chart-rule", x1: 0, x2: "100%", y1: y(tick), y2: y(tick) }));
  }
  const each = 1 / parts.length;
  // A few days do not become walls.
  const share = Math.min(0.76 * each, (6 * size) / Math.max(1, width - left));
  const widest = Math.max(...parts.map(({ tick }) => widthOf(tick, size))) + size;
  const step = Math.max(1, Math.ceil(widest / ((width - left) * each)));
  parts.forEach(({ label, tick, value, says }, place) => {
    svg.append(draw("rect", { class: "chart-column", x: percent((place + 0.5) * each - share / 2), width: percent(share), y: y(value), height: Math.max(0, y(0) - y(value)) },
      draw("title", {}, says ?? `${label}: ${format(value)}`)));
    if (place % step === 0) svg.append(draw("text", { class: "chart-tick", x: percent((place + 0.5) * each), y: height - 0.5 * size, "text-anchor": "middle" }, tick));
  });
  const earlier = parts.flatMap(({ before }, place) => (before === null || before === undefined ? [] : [`${place + 0.5},${top - before}`]));
  if (earlier.length > 1) {
    svg.append(draw("svg", { x: 0, y: above, width: "100%", height: plot, viewBox: `0 0 ${parts.length} ${top}`, preserveAspectRatio: "none", overflow: "visible" },
      draw("polyline", { class: "chart-before", points: earlier.join(" "), "vector-effect": "non-scaling-stroke" })));
  }
  return svg;
}

// What all rows of labelled charts share: names to the left, values to the right, a plot between.
function rows(list, { title, description, labels, values, width, head = 0 }) {
  const size = letter();
  const line = Math.round(2 * size);
  const height = head + list.length * line + 4;
  const right = Math.max(0, ...values.map((text) => widthOf(text, size))) + size;
  const left = Math.min(Math.max(9 * size, 0.42 * width), Math.max(...labels.map((text) => widthOf(text, size)))) + 0.8 * size;
  const svg = frame(height, { title, description, left, right });
  labels.forEach((text, place) => {
    const y = head + (place + 0.5) * line + size / 3;
    svg.append(draw("text", { class: "chart-label", x: -left, y }, shortened(text, left - 0.6 * size, size), draw("title", {}, text)));
    svg.append(draw("text", { class: "chart-value", x: "100%", dx: right, y, "text-anchor": "end" }, values[place]));
  });
  return { svg, line, head, height };
}

// Bars with one or several stacked parts; a mark shows the period before. list: [{label, text, parts: [{value, name}], before, says}].
export function bars(list, { title, description, width }) {
  const { svg, line } = rows(list, { title, description, width, labels: list.map((one) => one.label), values: list.map((one) => one.text) });
  const most = Math.max(1e-9, ...list.map((one) => Math.max(one.before ?? 0, one.parts.reduce((sum, part) => sum + part.value, 0))));
  list.forEach(({ parts, before, says }, place) => {
    const y = place * line + 0.2 * line;
    const group = draw("g", {}, draw("title", {}, says));
    let from = 0;
    for (const { value, name } of parts) {
      if (value > 0) group.append(draw("rect", { class: "chart-bar", "data-part": name, x: percent(from / most), width: percent(value / most), y, height: 0.6 * line }));
      from += value;
    }
    if (before) group.append(draw("rect", { class: "chart-mark", x: percent(before / most), width: 2, y: y - 2, height: 0.6 * line + 4 }));
    svg.append(group);
  });
  return svg;
}

// Dots on a scale that need not begin at zero. list: [{label, text, dots: [{value, name}], says}].
export function dots(list, { title, description, width, format, most = 1 }) {
  const size = letter();
  const { svg, line, head, height } = rows(list, { title, description, width, labels: list.map((one) => one.label), values: list.map((one) => one.text), head: 1.8 * size });
  const lowest = Math.min(...list.flatMap((one) => one.dots.map((dot) => dot.value)));
  const ticks = niceTicks(Math.min(lowest, most - 0.02), most, 3);
  const x = (value) => (value - ticks[0]) / (most - ticks[0]);
  for (const tick of ticks.filter((one) => one <= most + 1e-9)) {
    svg.append(draw("line", { class: "chart-rule", x1: percent(x(tick)), x2: percent(x(tick)), y1: head, y2: height }));
    svg.append(draw("text", { class: "chart-tick", x: percent(x(tick)), y: size, "text-anchor": "middle" }, format(tick)));
  }
  list.forEach((one, place) => {
    const y = head + (place + 0.5) * line;
    const places = one.dots.map((dot) => x(dot.value));
    svg.append(draw("g", {}, draw("title", {}, one.says),
      places.length > 1 ? draw("line", { class: "chart-between", x1: percent(Math.min(...places)), x2: percent(Math.max(...places)), y1: y, y2: y }) : null,
      one.dots.map((dot, at) => (at === 0
        ? draw("circle", { class: "chart-dot", "data-part": dot.name, cx: percent(places[at]), cy: y, r: 0.42 * size })
        : draw("svg", { x: percent(places[at]), y, overflow: "visible" }, draw("rect", { class: "chart-dot", "data-part": dot.name, x: -0.38 * size, y: -0.38 * size, width: 0.76 * size, height: 0.76 * size }))))));
  });
  return svg;
}
