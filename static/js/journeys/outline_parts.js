// Small parts of the outline's screen: labelled fields, and what they need to be undone and checked.

import { Combobox } from "../customers/combobox.js";
import { make } from "../customers/rule_parts.js";

// One field of a step, an arm, the entry or an ending. `owner` is a part of the drawing, `id` what
// the fields of that part are called after; `changed` hears the new value.
export function field(it, owner, id, name, label, control, { help = "", changed = null, wide = false } = {}) {
  control.id = `${name}-${id}`;
  const typed = control.matches("input:not([type=checkbox], [type=date], [type=time])");
  control.addEventListener(typed ? "input" : "change", () => {
    owner[name] = valueOf(control);
    it.changed(typed ? control.id : null);
    changed?.(owner[name]);
  });
  if (control.matches("input")) control.addEventListener("keydown", stay);
  return box(control, name, label, { help, wide });
}

export function box(control, name, label, { help = "", wide = false, input = control } = {}) {
  return make(
    "div", { class: `dxp-outline__field dxp-outline__field--${name}${wide ? " dxp-outline__field--wide" : ""}` },
    make("label", { for: input.id }, label),
    control,
    help ? make("p", { class: "dxp-outline__help" }, help) : null,
  );
}

// Enter would send the form.
function stay(event) {
  if (event.key === "Enter") event.preventDefault();
}

function valueOf(control) {
  if (control.type === "checkbox") return control.checked;
  if (control.type !== "number" && control.dataset.kind !== "number") return control.value;
  const number = Number(control.value);
  return control.value === "" || Number.isNaN(number) ? null : number;
}

export function text(value, attributes = {}) {
  return make("input", { type: "text", value: value ?? "", autocomplete: "off", ...attributes });
}

export function number(value, attributes = {}) {
  return make("input", { type: "number", min: 1, step: 1, value: value ?? "", ...attributes });
}

export function choice(options, chosen, attributes = {}) {
  return make(
    "select", attributes,
    ...options.map(([value, words]) => make("option", { value, selected: String(value) === String(chosen ?? "") }, words)),
  );
}

// A text that suggests: `ask(text, signal)` answers [{value, label, note}].
export function suggesting(it, owner, id, name, label, ask, { help = "", chose = null, wide = false } = {}) {
  const combo = new Combobox({
    id: `${name}-${id}`, label, value: owner[name] ?? "", ask, say: (n) => it.suggested(n),
    chose: (value, option) => {
      owner[name] = value;
      it.changed(`${name}-${id}`);
      if (option) chose?.(value);
    },
  });
  return box(combo.element, name, label, { help, wide, input: combo.input });
}

export function eventField(it, owner, id, { chose }) {
  return suggesting(it, owner, id, "event", it.words.event, async (typed) => it.eventsLike(typed), { chose });
}

export function traitField(it, owner, id, label = it.words.trait) {
  return suggesting(it, owner, id, "trait", label, (q, signal) => it.suggest({ what: "traits", q }, signal));
}

export function propertyField(it, owner, id, name, label, help) {
  const ask = (q, signal) => (owner.event ? it.suggest({ what: "properties", event: owner.event, q }, signal) : []);
  return suggesting(it, owner, id, name, label, ask, { help, wide: true });
}

export function timeField(it, owner, id) {
  return field(it, owner, id, "time", it.words.time, make("input", { type: "time", value: owner.time ?? "" }));
}

export function unitField(it, owner, id, units) {
  return field(it, owner, id, "unit", it.words.unit, choice(units.map((unit) => [unit, it.words[unit]]), owner.unit));
}

export function sideField(it, owner, id) {
  const sides = [["before", it.words.before], ["after", it.words.afterDate]];
  return field(it, owner, id, "side", it.words.side, choice(sides, owner.side));
}

export function weekdayFields(it, owner, id) {
  const days = [0, 1, 2, 3, 4, 5, 6].map((day) => {
    const tick = make("input", { type: "checkbox", id: `weekday${day}-${id}`, checked: (owner.weekdays ?? []).includes(day) });
    tick.addEventListener("change", () => {
      const others = (owner.weekdays ?? []).filter((one) => one !== day);
      owner.weekdays = (tick.checked ? [...others, day] : others).sort();
      it.changed();
    });
    return make("label", { for: tick.id }, tick, ` ${it.words[`weekday${day}`]}`);
  });
  return make(
    "fieldset", { class: "dxp-outline__weekdays", id: `weekdays-${id}`, tabindex: "-1" },
    make("legend", {}, it.words.weekdays), ...days,
  );
}

export function segmentField(it, owner, id, { empty, changed = null } = {}) {
  const gone = owner.segment && !it.segments.some((one) => one.id === owner.segment);
  const options = [
    ["", empty ?? it.words.chooseSegment],
    ...(gone ? [[owner.segment, `#${owner.segment}`]] : []),
    ...it.segments.map((one) => [one.id, one.name]),
  ];
  const control = choice(options, owner.segment, { "data-kind": "number" });
  return field(it, owner, id, "segment", it.words.segment, control, { changed });
}
