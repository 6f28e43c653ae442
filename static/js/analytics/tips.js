// What stands beside the pointer: made of nodes, never of text that visitors sent.

function line(color, words, value) {
  const row = document.createElement("div");
  row.className = "dxp-tip__line";
  const dot = document.createElement("span");
  dot.className = "dxp-tip__dot";
  dot.style.background = color;
  const name = document.createElement("span");
  name.textContent = words;
  const number = document.createElement("strong");
  number.textContent = value;
  row.append(dot, name, number);
  return row;
}

function head(words, more) {
  const title = document.createElement("div");
  title.className = "dxp-tip__head";
  title.textContent = [words, more].filter(Boolean).join(" – ");
  return title;
}

export function ofRow(told, look, row) {
  const box = document.createElement("div");
  box.append(head(told.labels[row], told.marks[row]));
  for (const { name, color, cells } of told.series) {
    box.append(line(look.colors[color % look.colors.length], name, cells[row].text));
  }
  return box;
}

export function ofCell(told, look, row, number) {
  const box = document.createElement("div");
  const { name, cells } = told.series[number];
  box.append(head(told.labels[row]), line(look.colors[0], name, cells[row].text));
  return box;
}

export function ofWay(told, look, row) {
  const box = document.createElement("div");
  const [source, target] = told.words[row];
  box.append(head(`${source} → ${target}`), line(look.colors[0], told.series[0].name, told.series[0].cells[row].text));
  return box;
}
