// Draws a chart from the table that holds its numbers; each point leads where its cell leads.

import { flow, heat } from "../analytics/grids.js";
import { DARK, isDark, LIGHT } from "../analytics/palette.js";
import { save } from "../analytics/picture.js";
import { bars, columns, lines } from "../analytics/shapes.js";
import { read } from "../analytics/table.js";
import { ofCell, ofRow, ofWay } from "../analytics/tips.js";
import { Walk } from "../analytics/walk.js";

const NARROW = 480;
const SHAPES = {
  line: (told, look) => lines(told, look),
  area: (told, look) => lines(told, look, true),
  columns,
  bars: (told, look) => bars(told, look),
  steps: (told, look) => bars(told, look, { steps: true }),
  heat,
  flow,
};
const ACROSS = ["line", "area", "columns"];

class ChartController extends window.StimulusModule.Controller {
  static targets = ["area", "said"];

  static values = { kind: String, table: String, library: String, label: String, title: String };

  async connect() {
    this.scheme = window.matchMedia("(prefers-color-scheme: dark)");
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.redraw = () => this.draw();
    this.theme = new MutationObserver(this.redraw);
    this.theme.observe(document.documentElement, { attributeFilter: ["class"] });
    this.scheme.addEventListener("change", this.redraw);
    this.size = new ResizeObserver(() => this.resize());
    const { echarts } = await import(this.libraryValue);
    const table = document.getElementById(this.tableValue);
    if (!this.element.isConnected || !table) return;
    this.told = read(table);
    this.element.hidden = false;
    this.chart = echarts.init(this.areaTarget, null, { renderer: "svg" });
    this.chart.on("click", (event) => this.pressed(event));
    this.chart.getZr().on("click", (event) => this.pressedNear(event));
    this.walk = new Walk({
      rows: this.told.labels.length, series: this.told.series.length, across: ACROSS.includes(this.kindValue),
    });
    this.size.observe(this.areaTarget);
    this.draw();
  }

  disconnect() {
    this.theme.disconnect();
    this.size.disconnect();
    this.scheme.removeEventListener("change", this.redraw);
    this.chart?.dispose();
  }

  draw() {
    if (!this.chart) return;
    this.look = this.looks();
    const { rows, links, ...shape } = SHAPES[this.kindValue](this.told, this.look);
    this.links = links;
    if (rows) this.areaTarget.style.blockSize = `${this.height(rows)}px`;
    this.chart.resize();
    const several = this.told.series.length > 1 && this.kindValue !== "heat";
    this.chart.setOption(
      {
        animation: !this.still.matches,
        animationDuration: 300,
        aria: { enabled: true, label: { description: this.labelValue }, decal: { show: several && !this.isLine } },
        textStyle: { color: this.look.ink, fontFamily: this.look.font },
        grid: { left: 8, right: 24, top: this.look.top, bottom: 8, outerBoundsMode: "same" },
        legend: {
          show: several, type: this.look.narrow ? "scroll" : "plain", itemGap: 16, top: 0, left: 0,
          textStyle: { color: this.look.ink }, pageTextStyle: { color: this.look.ink }, pageIconColor: this.look.ink,
        },
        tooltip: this.tooltip(),
        ...shape,
      },
      { notMerge: true },
    );
  }

  get isLine() {
    return this.kindValue === "line" || this.kindValue === "area";
  }

  looks() {
    const { color: ink, fontFamily: font } = getComputedStyle(this.areaTarget);
    const { ground, series: colors } = isDark() ? DARK : LIGHT;
    const narrow = this.areaTarget.clientWidth < NARROW;
    const { series } = this.told;
    // So wide the names are in one line, roughly.
    const names = series.reduce((sum, { name }) => sum + 52 + 7 * name.length, 0);
    const isLong = !narrow && names > this.areaTarget.clientWidth;
    return {
      ink, font, ground, colors, narrow,
      top: series.length > 1 ? (isLong ? 72 : 44) : 16,
      axis: { axisLabel: { color: ink }, axisLine: { lineStyle: { color: ink } } },
    };
  }

  height(rows) {
    if (this.kindValue === "heat") return 40 + rows * 32;
    if (this.kindValue === "flow") return 40 + rows * 40;
    const each = this.told.series.length > 1 ? 14 + 12 * this.told.series.length : 44;
    return this.look.top + 40 + rows * each;
  }

  tooltip() {
    const paint = { confine: true, backgroundColor: this.look.ground, borderColor: this.look.ink, textStyle: { color: this.look.ink } };
    if (this.kindValue === "heat") {
      return { ...paint, formatter: ({ value: [number, row] }) => ofCell(this.told, this.look, row, number) };
    }
    if (this.kindValue === "flow") {
      return { ...paint, formatter: ({ dataType, dataIndex, name }) => (dataType === "edge" ? ofWay(this.told, this.look, this.links[dataIndex].row) : document.createTextNode(name)) };
    }
    return { ...paint, trigger: "axis", axisPointer: { type: this.isLine ? "line" : "shadow" }, formatter: ([{ dataIndex }]) => ofRow(this.told, this.look, dataIndex) };
  }

  resize() {
    if (this.areaTarget.clientWidth < NARROW === this.look?.narrow) this.chart.resize();
    else this.draw();
  }

  // A cell of the triangle, or a way between two places.
  pressed({ dataType, dataIndex, value }) {
    if (this.kindValue === "heat") this.open(value[1], value[0]);
    else if (this.kindValue === "flow" && dataType === "edge") this.open(this.links[dataIndex].row, 0);
  }

  // On axes the nearest point counts: a line is too thin to be hit.
  pressedNear({ offsetX, offsetY }) {
    if (this.links || this.kindValue === "heat" || !this.chart.containPixel("grid", [offsetX, offsetY])) return;
    const across = ACROSS.includes(this.kindValue);
    const place = this.chart.convertFromPixel({ gridIndex: 0 }, [offsetX, offsetY]);
    const row = Math.round(place[across ? 0 : 1]);
    let nearest = { away: Infinity, number: -1 };
    this.told.series.forEach(({ cells }, number) => {
      if (!cells[row]?.link) return;
      const at = this.chart.convertToPixel({ seriesId: String(number) }, across ? [row, cells[row].value] : [cells[row].value, row]);
      const away = Math.abs(across ? at[1] - offsetY : at[0] - offsetX);
      if (away < nearest.away) nearest = { away, number };
    });
    if (nearest.number >= 0) this.open(row, nearest.number);
  }

  open(row, number) {
    const link = this.told.series[number]?.cells[row]?.link;
    if (link) window.location.assign(link.href);
  }

  step(event) {
    const { walk, told } = this;
    if (event.key === "Enter" && walk.row >= 0) this.open(walk.row, walk.number);
    else if (walk.go(event.key)) {
      event.preventDefault();
      const { name, cells } = told.series[walk.number];
      this.show(walk.row, walk.number);
      const where = this.kindValue === "flow" ? told.words[walk.row].slice(0, 2).join(" → ") : told.labels[walk.row];
      this.saidTarget.textContent = [where, told.marks[walk.row], `${name}: ${cells[walk.row].text}`].filter(Boolean).join(", ");
    }
  }

  show(row, number) {
    const { series } = this.chart.getOption();
    let found = { seriesIndex: series.findIndex(({ id }) => id === String(number)), dataIndex: row };
    if (this.kindValue === "heat") {
      const dataIndex = series[0].data.findIndex(({ value: [x, y] }) => x === number && y === row);
      found = { seriesIndex: 0, dataIndex };
    } else if (this.kindValue === "flow") {
      found = { seriesIndex: 0, dataType: "edge", dataIndex: this.links.findIndex((link) => link.row === row) };
    }
    if (found.dataIndex >= 0) this.chart.dispatchAction({ type: "showTip", ...found });
  }

  save() {
    const { ground, ink, font } = this.look;
    return save(this.areaTarget.querySelector("svg"), { title: this.titleValue, ground, ink, font });
  }
}

window.wagtail.app.register("chart", ChartController);
