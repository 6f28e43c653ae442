// Controls for values: one, several, yes or no, a number, a day; by the comparison beside them.

import { Combobox } from "./combobox.js";
import { reshaped, shapeOf, toNumber, typed } from "./rule_form.js";
import { entry, icon, make, select } from "./rule_parts.js";

// `spot`: { id, label, cmp, type, get(), put(value), suggest(text, signal), it }.
export function value(spot) {
  const shape = shapeOf(spot.cmp, spot.type);
  const now = reshaped(spot.get(), shape, spot.type);
  return { known: boolean, boolean, number, date, values, text, any: text }[shape](spot, now);
}

export function text(spot, now = spot.get()) {
  const box = new Combobox({
    id: spot.id, label: spot.label, value: now, ask: spot.suggest, say: spot.it.suggested,
    inputmode: spot.type === "number" ? "decimal" : null,
    chose: (chosen) => spot.put(typed(chosen, spot.type)),
  });
  return box.element;
}

export function boolean({ id, label, put, get, it }, now = get()) {
  const choices = [["true", it.words.yes], ["false", it.words.no]];
  return select(id, label, choices, now, (chosen) => put(chosen === "true"));
}

export function number({ id, label, put, get, min = null, max = null }, now = get()) {
  const look = { type: "number", step: "any", min, max, class: "dxp-rule__number", placeholder: null };
  return entry(id, label, now, look, (typedIn) => put(toNumber(typedIn)));
}

export function date({ id, label, put, get }, now = get()) {
  return entry(id, label, now, { type: "date", placeholder: null }, put);
}

// Several values: each a button that takes it away, then a field for the next.
export function values(spot, now = spot.get() ?? []) {
  const { id, label, put, it } = spot;
  let list = [...now];
  const chips = make("ul", { class: "dxp-rule__chips", "aria-label": label });
  const put2 = (next) => {
    list = next;
    put(list);
    draw();
  };
  const box = new Combobox({
    id, label: it.words.add_value, value: "", clears: true, say: it.suggested,
    ask: async (typedIn, signal) => (await spot.suggest(typedIn, signal)).filter((one) => !list.includes(one.value)),
    chose: (chosen) => {
      const next = chosen.split(/[\n;]/).map((one) => one.trim()).filter(Boolean).map((one) => typed(one, spot.type));
      put2([...new Set([...list, ...next])]);
    },
  });
  box.input.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !box.input.value && list.length) put2(list.slice(0, -1));
  });
  // What was typed but not confirmed is meant too.
  box.input.addEventListener("blur", () => box.done());
  box.input.addEventListener("commit", () => box.done());
  const without = (place) => {
    put2(list.filter((_, other) => other !== place));
    (chips.querySelectorAll("button")[Math.min(place, list.length - 1)] ?? box.input).focus();
  };
  const draw = () => chips.replaceChildren(...list.map((one, place) => make(
    "li", {}, make(
      "button", { type: "button", class: "dxp-rule__chip", "aria-label": `${it.words.remove}: ${one}`, onclick: () => without(place) },
      make("span", {}, String(one)), icon("cross"),
    ),
  )));
  draw();
  return make("span", { class: "dxp-rule__values" }, chips, box.element);
}
