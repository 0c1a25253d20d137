// Small inline drawings, built as elements: no text becomes markup.

const svgNS = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes, children);
  return made;
}

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(svgNS, name);
  set(made, attributes, children);
  return made;
}

function set(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
}

export const milliseconds = (ms) => (ms >= 10000 ? `${(ms / 1000).toFixed(1)} s` : ms >= 100 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`);

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function ticks(most) {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

// One row per strategy: each upload's response time as a dot, the median as a bar across.
export function responsePlot(rows) {
  const [width, left, top, step, right] = [640, 170, 8, 30, 16];
  const most = Math.max(1, ...rows.flatMap((row) => row.values));
  const x = (value) => left + (value / most) * (width - left - right);
  const height = top + rows.length * step + 34;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img", "aria-label": `Response times in ms of ${rows.map((row) => `${row.name}: median ${milliseconds(median(row.values))}`).join("; ")}` });
  const bottom = top + rows.length * step;
  for (const tick of ticks(most)) {
    drawing.append(svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: bottom }), svg("text", { class: "x", x: x(tick), y: bottom + 14 }, String(tick)));
  }
  drawing.append(svg("text", { class: "x", x: x(most / 2), y: bottom + 29 }, "response time, ms; the bar is the median"));
  rows.forEach((row, index) => {
    const y = top + (index + 0.5) * step;
    drawing.append(svg("text", { class: "y", x: left - 10, y: y + 4 }, row.name));
    for (const value of row.values) drawing.append(svg("circle", { class: "dot", cx: x(value), cy: y, r: 4 }));
    const middle = x(median(row.values));
    drawing.append(svg("line", { class: "median", x1: middle, x2: middle, y1: y - 10, y2: y + 10 }));
  });
  return drawing;
}

// Where a request's time went, on a scale that all requests of an upload share.
export function timeBar(parts, startMs, totalMs) {
  const drawing = svg("svg", { viewBox: "0 0 200 12", preserveAspectRatio: "none", class: "bar", "aria-hidden": "true" });
  const scale = 200 / Math.max(totalMs, 0.001);
  let at = startMs;
  for (const [name, ms] of parts) {
    if (!(ms > 0)) continue;
    drawing.append(svg("rect", { class: `part-${name}`, x: at * scale, y: 1, width: Math.max(ms * scale, 0.75), height: 10 }));
    at += ms;
  }
  return drawing;
}
