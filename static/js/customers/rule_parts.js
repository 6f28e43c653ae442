// Small parts of the rule builder's screen.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function select(id, label, options, chosen, onchange) {
  const control = make("select", {
    id, "aria-label": label, onchange: () => onchange(control.value),
  });
  for (const [value, text] of options) {
    control.append(make("option", { value, selected: String(value) === String(chosen) }, text));
  }
  return control;
}

export function input(id, label, value, attributes, oninput) {
  const { suggestions = [], ...rest } = attributes;
  const control = make("input", {
    id, type: "text", "aria-label": label, placeholder: label, autocomplete: "off", ...rest,
    list: suggestions.length ? `${id}-list` : null, oninput: () => oninput(control.value),
  });
  control.value = value ?? "";
  if (!suggestions.length) return control;
  const list = make("datalist", { id: `${id}-list` });
  list.append(...suggestions.map((one) => make("option", { value: one })));
  const both = document.createDocumentFragment();
  both.append(control, list);
  return both;
}

export function button(id, text, name, onclick, extra = "") {
  return make(
    "button",
    { id, type: "button", class: `button button-small button-secondary ${extra}`, onclick },
    icon(name), ` ${text}`,
  );
}

export function number(text) {
  return text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
}
