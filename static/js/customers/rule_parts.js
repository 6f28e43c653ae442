// Small parts of the rule builder's screen.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
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
  const control = make("select", { id, "aria-label": label, onchange: () => onchange(control.value) });
  for (const [value, text] of options) {
    control.append(make("option", { value, selected: String(value) === String(chosen) }, text));
  }
  return control;
}

export function entry(id, label, value, attributes, oninput) {
  const control = make("input", {
    id, type: "text", "aria-label": label, placeholder: label, autocomplete: "off", ...attributes,
    oninput: () => oninput(control.value),
  });
  control.value = value ?? "";
  // Enter would send the form.
  control.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  return control;
}

export function button(id, text, name, onclick, extra = "") {
  return make(
    "button", { id, type: "button", class: `button button-small button-secondary ${extra}`, onclick },
    icon(name), ` ${text}`,
  );
}

export function tool(id, text, name, onclick, attributes = {}) {
  return make(
    "button", { id, type: "button", class: "dxp-rule__tool", "aria-label": text, title: text, onclick, ...attributes },
    icon(name),
  );
}

// "in the last %(n)s %(unit)s" with controls in its gaps, in the order of the reader's language.
export function inSentence(words, parts) {
  return words.split(/(%\(\w+\)s)/).filter((piece) => piece.trim()).map((piece) => {
    const gap = piece.match(/^%\((\w+)\)s$/);
    return gap ? parts[gap[1]] : make("span", {}, piece.trim());
  });
}

// Puts a new piece of the page in place of an old one. A list of choices that somebody is typing into
// stays where it is: taken out even for a moment, it forgets the letters before.
export function exchange(old, fresh, isKept = () => true) {
  const here = document.activeElement;
  const twin = here?.tagName === "SELECT" && old.contains(here) && isKept(here) ? fresh.querySelector(`#${CSS.escape(here.id)}`) : null;
  const isSame = twin?.tagName === "SELECT" && twin.textContent === here.textContent && twin.value === here.value;
  if (isSame) graft(old, fresh, here, twin);
  else old.replaceWith(fresh);
}

function graft(old, fresh, kept, twin) {
  if (old === kept) return;
  const [stays, goes] = [towards(old, kept), towards(fresh, twin)];
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  for (const child of [...old.childNodes]) if (child !== stays) child.remove();
  const children = [...fresh.childNodes];
  const place = children.indexOf(goes);
  stays.before(...children.slice(0, place));
  stays.after(...children.slice(place + 1));
  graft(stays, goes, kept, twin);
}

function towards(parent, element) {
  return [...parent.children].find((child) => child.contains(element));
}
