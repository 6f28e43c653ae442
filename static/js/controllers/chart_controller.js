// Draws a chart from the table that holds its numbers; a row with a link can be clicked.

const LIGHT = ["#1a6b74", "#b4501a", "#6a3fa0"];
const DARK = ["#5fc9d0", "#f2a65a", "#c9b1ff"];

class ChartController extends window.StimulusModule.Controller {
  static values = { kind: String, table: String, library: String, label: String };

  async connect() {
    this.scheme = window.matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.draw();
    this.theme = new MutationObserver(this.redraw);
    this.theme.observe(document.documentElement, { attributeFilter: ["class"] });
    this.scheme.addEventListener("change", this.redraw);
    this.size = new ResizeObserver(() => this.chart?.resize());
    const { echarts } = await import(this.libraryValue);
    if (!this.element.isConnected) return;
    this.element.hidden = false;
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", this.labelValue);
    this.chart = echarts.init(this.element, null, { renderer: "svg" });
    this.chart.on("click", ({ dataIndex }) => this.open(dataIndex));
    this.size.observe(this.element);
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
    const { labels, series } = this.read();
    const { color: ink, fontFamily } = getComputedStyle(this.element);
    const palette = this.dark() ? DARK : LIGHT;
    const axis = { axisLabel: { color: ink }, axisLine: { lineStyle: { color: ink } } };
    // On a narrow screen the legend takes two lines.
    const top = this.element.clientWidth < 480 ? 76 : 48;
    const shape = this.kindValue === "steps" ? bars : lines;
    this.chart.setOption(
      {
        animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
        aria: { enabled: true, label: { description: this.labelValue } },
        textStyle: { color: ink, fontFamily },
        grid: { left: 8, right: 24, top, bottom: 8, outerBoundsMode: "same" },
        legend: { itemGap: 20, show: series.length > 1, top: 0, left: 0, textStyle: { color: ink } },
        tooltip: { trigger: "axis", confine: true },
        ...shape({ labels, series, palette, axis, ink }),
      },
      { notMerge: true },
    );
  }

  read() {
    const table = document.getElementById(this.tableValue);
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells];
    return {
      labels: rows.map((row) => row.cells[0].dataset.label),
      series: heads
        .map((head, column) => ({ head, column }))
        .filter(({ head }) => head.dataset.series)
        .map(({ head, column }) => ({
          name: head.textContent.trim(),
          color: Number(head.dataset.series) - 1,
          faint: "faint" in head.dataset,
          values: rows.map((row) => Number(row.cells[column].dataset.value)),
        })),
    };
  }

  open(index) {
    const link = document.getElementById(this.tableValue).tBodies[0].rows[index]?.querySelector("a");
    if (link) window.location.assign(link.href);
  }

  dark() {
    const classes = document.documentElement.classList;
    if (classes.contains("w-theme-dark")) return true;
    return classes.contains("w-theme-system") && this.scheme.matches;
  }
}

function lines({ labels, series, palette, axis }) {
  return {
    xAxis: { type: "category", boundaryGap: false, data: labels, ...axis, axisLabel: { ...axis.axisLabel, hideOverlap: true } },
    yAxis: { type: "value", minInterval: 1, ...axis, splitLine: { lineStyle: { opacity: 0.25 } } },
    series: series.map(({ name, color, faint, values }) => ({
      name,
      type: "line",
      data: values,
      showSymbol: values.length < 2,
      color: palette[color],
      lineStyle: { width: faint ? 1.5 : 2.5, type: faint ? "dashed" : "solid" },
    })),
  };
}

function bars({ labels, series, palette, axis, ink }) {
  const [{ name, values }] = series;
  return {
    xAxis: { type: "value", minInterval: 1, splitNumber: 3, ...axis, splitLine: { lineStyle: { opacity: 0.25 } } },
    yAxis: { type: "category", inverse: true, data: labels, ...axis, axisLabel: { ...axis.axisLabel, width: 140, overflow: "break", lineHeight: 16 } },
    grid: { left: 8, right: 56, top: 8, bottom: 8, outerBoundsMode: "same" },
    series: [
      {
        name,
        type: "bar",
        data: values,
        color: palette[0],
        barMaxWidth: 36,
        label: { show: true, position: "right", color: ink, fontWeight: 600 },
      },
    ],
  };
}

window.wagtail.app.register("chart", ChartController);
