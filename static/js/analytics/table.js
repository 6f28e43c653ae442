// Reads the numbers of a chart, and the people behind them, from the table that holds them.

export function read(table) {
  const rows = [...table.tBodies[0].rows];
  const columns = [...table.tHead.rows[0].cells]
    .map((head, column) => ({ head, column }))
    .filter(({ head }) => head.dataset.series);
  return {
    labels: rows.map((row) => row.cells[0].dataset.label ?? row.cells[0].textContent.trim()),
    marks: rows.map((row) => row.dataset.mark ?? ""),
    open: rows.map((row) => "open" in row.dataset),
    words: rows.map((row) => [...row.cells].map(text)),
    series: columns.map(({ head, column }) => ({
      name: head.textContent.trim(),
      color: Number(head.dataset.series) - 1,
      faint: "faint" in head.dataset,
      kind: head.dataset.kind ?? "number",
      cells: rows.map((row) => point(row.cells[column], row)),
    })),
  };
}

function point(cell, row) {
  const { value } = cell.dataset;
  return {
    value: value === undefined || value === "" ? null : Number(value),
    text: text(cell),
    link: cell.querySelector("a") ?? (row.querySelectorAll("td a").length === 1 ? row.querySelector("td a") : null),
  };
}

// What a cell shows, without what is said to those who hear the page.
function text(cell) {
  const shown = cell.querySelector("a") ?? cell;
  return (shown.firstChild?.textContent ?? "").trim();
}

export function format(kind) {
  const lang = document.documentElement.lang || "en";
  const short = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 1 });
  if (kind === "share") return (value) => percent.format(value);
  if (kind === "seconds") return (value) => span(value, short);
  return (value) => short.format(value);
}

function span(seconds, short) {
  if (seconds < 60) return `${short.format(seconds)} s`;
  if (seconds < 3600) return `${short.format(seconds / 60)} min`;
  if (seconds < 86400) return `${short.format(seconds / 3600)} h`;
  return `${short.format(seconds / 86400)} d`;
}
