// Periods in words: "in the last 30 days", "between 30 and 90 days ago", from one day to another.

import { isSplit, toNumber } from "./rule_form.js";
import { entry, inSentence, select } from "./rule_parts.js";

const FRESH = {
  all: () => "all",
  last: () => ({ last: [30, "days"] }),
  between: () => ({ between: [30, 90, "days"] }),
  from: () => ({ from: "", to: "" }),
};

function kindOf(window) {
  if (typeof window !== "object" || window === null) return "all";
  return ["last", "between"].find((kind) => kind in window) ?? "from";
}

export function period(spot) {
  const { id, label, it } = spot;
  const now = spot.get();
  const kinds = Object.keys(FRESH).map((kind) => [kind, it.words[`window_${kind}`]]);
  const pick = select(id, label, kinds, kindOf(now), (kind) => {
    spot.put(FRESH[kind]());
    spot.redraw();
  });
  return [pick, ...inner(spot, now)];
}

function inner(spot, now) {
  const { id, it } = spot;
  const amount = (name, place, min) => count(`${id}-${name}`, it.words.amount, now[name][place], min, (next) => {
    now[name][place] = next;
    spot.put(now);
  });
  const unit = (name) => units(`${id}-unit`, it, now[name].at(-1), (next) => {
    now[name][now[name].length - 1] = next;
    spot.put(now);
  });
  const day = (name) => entry(`${id}-${name}`, it.words[`day_${name}`], now[name], { type: "date", placeholder: null }, (next) => {
    now[name] = next;
    spot.put(now);
  });
  const shapes = {
    all: () => [],
    last: () => inSentence(it.words.gaps_last, { n: amount("last", 0, 1), unit: unit("last") }),
    between: () => inSentence(it.words.gaps_between, {
      a: amount("between", 0, 0),
      b: count(`${id}-between-to`, it.words.amount_to, now.between[1], 1, (next) => {
        now.between[1] = next;
        spot.put(now);
      }),
      unit: unit("between"),
    }),
    from: () => inSentence(it.words.gaps_from, { from: day("from"), to: day("to") }),
  };
  return shapes[kindOf(now)]();
}

export function span(spot) {
  const { leaf } = spot;
  const beside = isSplit(spot.field);
  const [n, unit] = beside ? [spot.get(), leaf.unit] : spot.get();
  return [
    count(spot.id, spot.label, n, 1, (next) => spot.put(beside ? next : [next, spot.get()[1]])),
    units(`${spot.id}-unit`, spot.it, unit, (next) => {
      if (beside) leaf.unit = next;
      spot.put(beside ? spot.get() : [spot.get()[0], next]);
    }),
  ];
}

function count(id, label, now, min, put) {
  const look = { type: "number", min, step: 1, class: "dxp-rule__number", placeholder: null };
  return entry(id, label, now, look, (typedIn) => put(toNumber(typedIn)));
}

function units(id, it, now, put) {
  const choices = ["hours", "days", "weeks", "months"].map((unit) => [unit, it.words[`unit_${unit}`]]);
  return select(id, it.words.unit, choices, now, put);
}
