// The controls of one condition, made from what the server tells about its kind and nothing else.

import { Combobox } from "./combobox.js";
import { complete, get, isShown, isSplit, put, reshaped, shapeOf, sibling } from "./rule_form.js";
import { eventName, matcherParts, optionalMatcher, steps, wheres } from "./rule_matchers.js";
import { make, select } from "./rule_parts.js";
import { boolean, date, number, text, value, values } from "./rule_values.js";
import { period, span } from "./rule_windows.js";

// Kinds of the value beside a comparison.
const BESIDE = ["value", "values", "boolean", "date", "span"];
const KINDS = {
  name, choice, boolean, date, number, span, steps, text,
  value: anyValue,
  values: (spot) => values(typedSpot(spot)),
  window: period,
  where: (spot) => wheres(spot, sibling(spot.path, "event")),
  matcher: optionalMatcher,
  segment: (spot) => picked(spot, spot.it.segments),
  list: (spot) => picked(spot, spot.it.lists),
  percent: (spot) => number({ ...spot, min: 0, max: 100 }),
};

export function fields(node, it) {
  const form = it.forms[node.op];
  complete(node.leaf, form);
  const drawn = form.fields.filter((field) => isShown(field, node.leaf)).map((field) => one(field, node, form, it));
  // What the properties must say stands last: it takes lines of its own.
  return [...drawn.map(([first]) => first), ...drawn.map(([, last]) => last).filter(Boolean)];
}

function one(field, node, form, it) {
  const id = `rule-${node.key}-${field.key.replaceAll(".", "-")}`;
  const spot = {
    id, field, form, it, leaf: node.leaf, path: field.key, label: field.label,
    get: () => get(node.leaf, field.key),
    changed: (mark = null) => it.changed(mark),
    put: (next) => {
      put(node.leaf, field.key, next);
      it.changed(id);
    },
    redraw: (focus) => it.redraw(node, focus),
  };
  if (field.kind === "matcher" && field.required) {
    const [event, its] = matcherParts(spot);
    return [boxed(field, event), boxed({ kind: "where" }, its)];
  }
  const drawn = (KINDS[field.kind] ?? KINDS.text)(spot);
  return [boxed(field, ...(Array.isArray(drawn) ? drawn : [drawn]))];
}

function boxed(field, ...controls) {
  // Kinds whose controls do not say by themselves what they are for.
  const isNamed = field.kind === "percent" || (field.kind === "span" && !isSplit(field));
  return make(
    "span", { class: `dxp-rule__field dxp-rule__field--${field.kind}` },
    isNamed ? make("span", { class: "dxp-rule__label" }, field.label) : null, ...controls,
    field.help ? make("span", { class: "dxp-rule__help" }, field.help) : null,
  );
}

// What kind of value stands in this condition: that of the trait or property it is about.
function typeOf({ leaf, form, it }) {
  const about = form.fields.find((field) => field.suggest === "traits");
  if (about) return it.typeOfTrait(get(leaf, about.key));
  return "any";
}

function nearestEvent({ leaf, form }) {
  const about = form.fields.find((field) => field.suggest === "events");
  return get(leaf, about?.kind === "matcher" ? `${about.key}.event` : about?.key ?? "") ?? "";
}

function typedSpot(spot) {
  const { field, form, leaf, it } = spot;
  const cmp = get(leaf, sibling(field.key, "cmp")) ?? "eq";
  const trait = form.fields.find((one) => one.suggest === "traits");
  const of = trait ? get(leaf, trait.key) : get(leaf, "prop");
  const what = field.suggest;
  const suggest = async (q, signal) => (what ? it.suggest({ what, of, event: nearestEvent(spot), q }, signal) : []);
  return { ...spot, cmp, type: typeOf(spot), suggest };
}

function anyValue(spot) {
  return value(typedSpot(spot));
}

function name(spot) {
  const { field, it } = spot;
  if (field.suggest === "events") return eventName(spot);
  const before = typeOf(spot);
  const settled = () => {
    if (box.input.isConnected && typeOf(spot) !== before) settle(spot);
  };
  const box = new Combobox({
    id: spot.id, label: field.label, value: spot.get(), say: it.suggested, settled,
    ask: async (q, signal) => (field.suggest ? it.suggest({ what: field.suggest, event: nearestEvent(spot), q }, signal) : []),
    chose: (chosen, option) => {
      spot.put(chosen);
      if (option) settled();
    },
  });
  // A redraw would take away what is clicked on in the same condition.
  box.input.addEventListener("blur", ({ relatedTarget }) => {
    if (!box.input.closest("fieldset")?.contains(relatedTarget)) setTimeout(settled);
  });
  return box.element;
}

// After the comparison or the type changed, the value beside it takes the shape that these ask for.
function settle(spot) {
  const { form, leaf } = spot;
  const type = typeOf(spot);
  const compared = form.fields.find((field) => field.kind === "choice" && field.key.endsWith("cmp"));
  if (compared) {
    const cmps = choices({ ...spot, field: compared });
    if (!cmps.some(([cmp]) => cmp === get(leaf, compared.key))) put(leaf, compared.key, cmps[0][0]);
  }
  const beside = form.fields.filter((field) => BESIDE.includes(field.kind) && field.key.endsWith("value") && isShown(field, leaf));
  for (const field of beside) {
    const cmp = get(leaf, sibling(field.key, "cmp")) ?? "eq";
    put(leaf, field.key, reshaped(get(leaf, field.key), shapeOf(cmp, type), type));
  }
  complete(leaf, form);
  spot.changed();
  spot.redraw();
}

function choices(spot) {
  const { field, form, it } = spot;
  if (!field.options.length && field.suggest) {
    const any = field.required ? [] : [["", it.words.none]];
    return [...any, ...(it.choices[field.suggest] ?? [])];
  }
  const fitting = field.key.endsWith("cmp") ? form.groups?.[typeOf(spot)] : null;
  return fitting ? field.options.filter(([option]) => fitting.includes(option)) : field.options;
}

function choice(spot) {
  const { field } = spot;
  const options = choices(spot);
  const now = spot.get() ?? "";
  const all = options.some(([option]) => option === now) ? options : [[now, now || spot.it.words.choose], ...options];
  return select(spot.id, field.label, all, now, (chosen) => {
    spot.put(chosen);
    settle(spot);
  });
}

function picked(spot, offered) {
  const { it } = spot;
  const now = spot.get();
  const options = offered.map((one) => [one.id, one.name]);
  const known = options.some(([id]) => id === now);
  const gone = now && !known ? [[now, it.words.gone]] : [];
  return select(spot.id, spot.label, [["", it.words.choose], ...gone, ...options], now ?? "", (chosen) => {
    spot.put(chosen === "" ? null : Number(chosen));
  });
}
