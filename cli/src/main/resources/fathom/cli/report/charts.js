"use strict";
/* What the pages of all reports draw with; each page has a script of its own behind this one. */

const run = JSON.parse(document.getElementById("run").textContent);
const page = document.getElementById("page");
const redraws = [];
const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

const el = (parent, tag, kind, text) => {
  const node = document.createElement(tag);
  if (kind) node.className = kind;
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
};
const section = (title, note) => {
  el(page, "h2", "", title);
  if (note) el(page, "p", "", note);
  return el(page, "div", "grid");
};
const card = (grid, title, wide) => {
  const node = el(grid, "section", wide ? "card wide" : "card");
  if (title) el(node, "h3", "", title);
  return node;
};
const short = (v, digits = 4) => {
  if (v === null || v === undefined) return "–";
  const a = Math.abs(v);
  return a !== 0 && (a < 1e-3 || a >= Math.pow(10, digits + 3))
    ? v.toExponential(digits - 2)
    : Number(v.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits });
};
const some = list => list.some(v => v !== null);
const only = (list, keep) => list.map(v => (v !== null && keep(v) ? v : null));

/** The colour of a layer: from blue below to orange at the top. */
const ramp = t => {
  const stops = dark.matches
    ? [[122, 162, 255], [70, 205, 190], [190, 220, 90], [255, 165, 80]]
    : [[49, 76, 190], [18, 140, 132], [128, 150, 20], [214, 96, 28]];
  const x = Math.min(0.9999, Math.max(0, t)) * 3;
  const i = Math.floor(x);
  return "rgb(" + stops[i].map((c, k) => Math.round(c + (stops[i + 1][k] - c) * (x - i))).join(",") + ")";
};

/** A chart that is drawn anew, with what its options then hold, when its width or the colours of the page change. */
const chart = (node, options) => {
  const holder = el(node, "div");
  let plot = null;
  const draw = () => {
    if (plot) plot.destroy();
    plot = null;
    if (!options.data[0].length) return;
    const ink = colour("quiet");
    const grid = { stroke: colour("line"), width: 1 };
    const log = options.log;
    const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const labelled = text => ({ ...axis, label: text, labelFont: "12px system-ui, sans-serif", labelSize: 20 });
    plot = new uPlot({
      width: Math.max(200, holder.clientWidth), height: options.height || 250,
      padding: [8, 12, 0, 0],
      legend: { show: options.legend !== false },
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: false, range: options.xRange }, y: log ? { distr: 3 } : { range: options.range } },
      axes: [
        labelled(options.x),
        { ...axis, size: 62, values: (u, ticks) => ticks.map(v => (v === null ? "" : options.text ? options.text(v) : options.percent ? short(100 * v) + " %" : short(v))) },
      ],
      bands: options.bands,
      series: [{ label: options.x, value: (u, v) => (v === null ? "–" : short(v)) }].concat(options.series().map(s => ({
        spanGaps: true, width: 2, points: { show: options.data[0].length < 2, size: 6 },
        value: (u, v) => (v === null ? "–" : options.percent ? (100 * v).toFixed(2) + " %" : short(v)), ...s,
      }))),
    }, options.data, holder);
  };
  redraws.push(draw);
};

const again = () => redraws.forEach(f => f());

/** Draws all that was asked for: only now, when all cards are in their places, is it known how wide each may be. */
const drawAll = () => {
  again();
  dark.addEventListener("change", again);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) {
      width = innerWidth;
      again();
    }
  });
};
