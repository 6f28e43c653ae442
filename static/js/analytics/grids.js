// What ECharts draws for charts without axes of numbers: a triangle of shares, and ways people go.

import { inkOn, mix } from "./palette.js";

export function heat(told, look) {
  const { labels, series } = told;
  const values = series.flatMap(({ cells }) => cells.map(({ value }) => value ?? 0));
  const top = series.every(({ kind }) => kind === "share") ? 1 : Math.max(...values, 0) || 1;
  const data = [];
  series.forEach(({ cells }, x) => cells.forEach(({ value, text }, y) => {
    if (value === null) return;
    const ground = mix(look.ground, look.colors[0], Math.min(1, 0.06 + 0.94 * (value / top)));
    data.push({
      value: [x, y, value], itemStyle: { color: ground, borderColor: look.ground, borderWidth: 2 },
      label: { color: inkOn(ground), formatter: text },
    });
  }));
  return {
    rows: labels.length,
    grid: { left: 8, right: 8, top: 8, bottom: 8, outerBoundsMode: "same" },
    xAxis: { type: "category", position: "top", data: series.map(({ name }) => name), ...look.axis },
    yAxis: { type: "category", inverse: true, data: labels, ...look.axis },
    series: [{
      id: "0", type: "heatmap", data,
      label: { show: !look.narrow && series.length <= 14, fontSize: 11 },
    }],
  };
}

// Source, target and how many stand in each row. What leads back to where somebody was can't be
// drawn; it stands in the table.
export function flow(told, look) {
  const { words, series: [{ cells }] } = told;
  const after = new Map();
  const links = [];
  cells.forEach(({ value }, row) => {
    const [source, target] = words[row];
    if (!value || reaches(after, target, source)) return;
    after.set(source, (after.get(source) ?? new Set()).add(target));
    links.push({ source, target, value, row });
  });
  const names = [...new Set(links.flatMap(({ source, target }) => [source, target]))];
  const most = look.narrow ? 13 : 28;
  return {
    rows: Math.max(6, Math.ceil(names.length / 2)),
    links,
    series: [{
      id: "0", type: "sankey", left: 8, right: look.narrow ? 96 : 160, top: 8, bottom: 8, nodeGap: 12, nodeAlign: "left", draggable: false,
      emphasis: { focus: "adjacency" },
      data: names.map((name, i) => ({ name, itemStyle: { color: look.colors[i % look.colors.length] } })),
      links,
      label: { color: look.ink, formatter: ({ name }) => (name.length > most ? `${name.slice(0, most - 1)}…` : name) },
      lineStyle: { color: "source", opacity: 0.35 },
    }],
  };
}

function reaches(after, from, to, seen = new Set()) {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return [...(after.get(from) ?? [])].some((next) => reaches(after, next, to, seen));
}
