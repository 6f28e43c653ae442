// What ECharts draws for each kind of chart that has axes: lines, areas, columns and bars.

import { SYMBOLS } from "./palette.js";
import { format } from "./table.js";

const MOST_BARS = 12;

export function lines(told, look, area = false) {
  const { labels, series, open, marks } = told;
  const ends = open.indexOf(true);
  const every = Math.max(1, Math.ceil(labels.length / (look.narrow ? 8 : 16)));
  const found = [];
  series.forEach(({ name, color, faint, kind, cells }, number) => {
    const values = cells.map(({ value }) => value);
    const tint = look.colors[color % look.colors.length];
    const common = {
      type: "line", name, color: tint, yAxisIndex: axisOf(series, kind), symbol: SYMBOLS[color % SYMBOLS.length],
      emphasis: { focus: "none" }, connectNulls: false, opacity: 1,
    };
    const cut = ends > 0 && !faint ? ends : values.length;
    found.push({
      ...common,
      id: String(number),
      data: values.map((value, i) => (i < cut ? value : null)),
      showSymbol: true,
      symbolSize: (_value, { dataIndex }) => (faint || dataIndex % every ? 0 : 7),
      lineStyle: { width: faint ? 1.5 : 2.5, type: faint ? "dotted" : "solid" },
      areaStyle: area && !faint ? { opacity: 0.18 } : undefined,
      markLine: number ? undefined : remarks(marks, look),
    });
    if (cut < values.length) {
      // The last day is not over: its piece of the line is dashed.
      found.push({
        ...common,
        id: `${number}-open`,
        data: values.map((value, i) => (i >= cut - 1 ? value : null)),
        symbolSize: (_value, { dataIndex }) => (dataIndex < cut ? 0 : 8),
        symbol: "emptyCircle",
        lineStyle: { width: 2.5, type: "dashed" },
        tooltip: { show: false },
      });
    }
  });
  return {
    xAxis: {
      type: "category", boundaryGap: labels.length === 1, data: labels, ...look.axis,
      axisLabel: { ...look.axis.axisLabel, hideOverlap: true },
    },
    yAxis: axes(series, look),
    series: found,
  };
}

export function columns(told, look) {
  const { labels, series, open, marks } = told;
  return {
    xAxis: {
      type: "category", data: labels, ...look.axis,
      axisLabel: { ...look.axis.axisLabel, hideOverlap: true },
    },
    yAxis: axes(series, look),
    series: series.map(({ name, color, faint, kind, cells }, number) => ({
      id: String(number), type: "bar", name, color: look.colors[color % look.colors.length],
      yAxisIndex: axisOf(series, kind), barMaxWidth: 36, markLine: number ? undefined : remarks(marks, look),
      data: cells.map(({ value }, i) => ({
        value,
        itemStyle: open[i] || faint
          ? { opacity: 0.5, borderColor: look.colors[color % look.colors.length], borderType: "dashed", borderWidth: 1.5 }
          : {},
      })),
    })),
  };
}

// Longest on top; what is left out stands in the table.
export function bars(told, look, { steps = false } = {}) {
  const shown = steps ? told.labels.length : Math.min(told.labels.length, MOST_BARS);
  const single = told.series.length === 1;
  return {
    rows: shown,
    grid: { left: 8, right: single ? 72 : 24, top: single ? 8 : look.top, bottom: 8, outerBoundsMode: "same" },
    xAxis: {
      type: "value", splitNumber: 3, max: steps ? "dataMax" : undefined, ...look.axis,
      axisLabel: { ...look.axis.axisLabel, formatter: format(told.series[0].kind), hideOverlap: true },
      splitLine: { lineStyle: { opacity: 0.25 } },
    },
    yAxis: {
      type: "category", inverse: true, data: told.labels.slice(0, shown), ...look.axis,
      axisLabel: { ...look.axis.axisLabel, width: look.narrow ? 96 : 160, overflow: "break", lineHeight: 16 },
    },
    series: told.series.map(({ name, color, cells }, number) => ({
      id: String(number), type: "bar", name, color: look.colors[color % look.colors.length],
      data: cells.slice(0, shown).map(({ value }) => value),
      barMaxWidth: single ? 32 : 14,
      showBackground: steps && single,
      backgroundStyle: { color: look.ink, opacity: 0.08 },
      label: {
        show: single, position: "right", color: look.ink, fontWeight: 600,
        formatter: ({ dataIndex }) => cells[dataIndex].text,
      },
    })),
  };
}

function axes(series, look) {
  return kinds(series).map((kind, place) => ({
    type: "value", ...look.axis, position: place ? "right" : "left",
    axisLabel: { ...look.axis.axisLabel, formatter: format(kind) },
    minInterval: kind === "number" && series.every(whole) ? 1 : undefined,
    splitLine: { show: !place, lineStyle: { opacity: 0.25 } },
  }));
}

function whole({ cells }) {
  return cells.every(({ value }) => value === null || Number.isInteger(value));
}

// Shares and counts have scales of their own: one on each side, and no third.
function kinds(series) {
  return [...new Set(series.map(({ kind }) => kind))].slice(0, 2);
}

function axisOf(series, kind) {
  return Math.max(0, kinds(series).indexOf(kind));
}

function remarks(marks, look) {
  const data = marks
    .map((words, i) => ({ words, i }))
    .filter(({ words }) => words)
    .map(({ words, i }) => ({ xAxis: i, name: words.length > 28 ? `${words.slice(0, 27)}…` : words }));
  if (!data.length) return undefined;
  return {
    symbol: ["none", "circle"], symbolSize: 7, silent: true, data,
    lineStyle: { color: look.ink, type: "solid", width: 1 },
    label: { formatter: "{b}", position: "insideEndTop", color: look.ink, backgroundColor: look.ground, padding: [2, 4], fontSize: 11 },
  };
}
