// The controls of one condition. `it` gives words, suggestions, `changed()` and `redraw()`.

import { input, make, number, select } from "./rule_parts.js";

const TRAIT_CMPS = {
  text: ["eq", "ne", "in", "contains", "known", "unknown"],
  number: ["eq", "ne", "gte", "gt", "lte", "lt", "in", "known", "unknown"],
  boolean: ["eq", "known", "unknown"],
  any: ["eq", "ne", "in", "contains", "gte", "gt", "lte", "lt", "known", "unknown"],
};
const EVENT_CMPS = ["gte", "lte", "eq", "gt", "lt", "ne"];

export function leaf(node, id, it) {
  const draw = { trait, event, segment }[node.op];
  return draw(node, id, it);
}

function typed(text, kind) {
  const asNumber = number(text);
  return kind !== "text" && asNumber !== null ? asNumber : text;
}

function trait(node, id, it) {
  const known = it.fields.find((one) => one.name === node.field);
  const kind = known ? known.kind : "any";
  const cmps = TRAIT_CMPS[kind].includes(node.cmp) ? TRAIT_CMPS[kind] : TRAIT_CMPS.any;
  const field = input(
    `${id}-field`, it.words.field, node.field,
    { suggestions: it.fields.map((one) => one.name) },
    (text) => {
      node.field = text;
      const now = it.fields.find((one) => one.name === text);
      if ((now ? now.kind : "any") === kind) return it.changed();
      if (now && now.kind === "boolean") node.value = true;
      else if (typeof node.value === "boolean") node.value = "";
      else if (!Array.isArray(node.value)) node.value = typed(String(node.value), now?.kind);
      if (now && !TRAIT_CMPS[now.kind].includes(node.cmp)) node.cmp = "eq";
      return it.redraw();
    },
  );
  const cmp = select(
    `${id}-cmp`, it.words.cmp, cmps.map((one) => [one, it.words[`trait_${one}`]]), node.cmp,
    (chosen) => {
      const before = node.cmp;
      node.cmp = chosen;
      if (chosen === "in" && !Array.isArray(node.value)) node.value = node.value === "" ? [] : [node.value];
      if (before === "in" && chosen !== "in") node.value = node.value[0] ?? "";
      if (chosen === "contains") node.value = String(node.value);
      it.redraw();
    },
  );
  return [field, cmp, value(node, id, it, known)];
}

function value(node, id, it, known) {
  if (node.cmp === "known" || node.cmp === "unknown") return null;
  const kind = node.cmp === "contains" ? "text" : known?.kind;
  const put = (next) => {
    node.value = next;
    it.changed();
  };
  if (typeof node.value === "boolean") {
    const choices = [["true", it.words.yes], ["false", it.words.no]];
    return select(`${id}-value`, it.words.value, choices, node.value, (text) => put(text === "true"));
  }
  if (node.cmp === "in") {
    const area = make("textarea", { id: `${id}-value`, rows: 3, "aria-label": it.words.values, placeholder: it.words.values });
    area.value = node.value.join("\n");
    area.addEventListener("input", () => {
      put(area.value.split("\n").map((one) => one.trim()).filter(Boolean).map((one) => typed(one, kind)));
    });
    return area;
  }
  const look = { suggestions: known ? known.values : [], inputmode: kind === "number" ? "decimal" : null };
  return input(`${id}-value`, it.words.value, node.value, look, (text) => put(typed(text, kind)));
}

function event(node, id, it) {
  const put = (name, redraw = false) => (chosen) => {
    node[name] = chosen;
    if (redraw) it.redraw();
    else it.changed();
  };
  const amount = (text) => put("value")(number(text));
  const days = (text) => put("days")(number(text) ?? 0);
  const { words } = it;
  return [
    input(`${id}-name`, words.name, node.name, { suggestions: it.events }, put("name")),
    select(`${id}-metric`, words.metric, [["count", words.count], ["sum", words.sum]], node.metric, put("metric", true)),
    select(`${id}-cmp`, words.cmp, EVENT_CMPS.map((one) => [one, words[`event_${one}`]]), node.cmp, put("cmp")),
    input(`${id}-value`, words.number, node.value, { type: "number", min: 0, step: "any", class: "dxp-rule__number" }, amount),
    node.metric === "count" ? make("span", {}, words.times) : null,
    select(
      `${id}-window`, words.window, [["all", words.all_time], ["last", words.last]],
      node.days === null ? "all" : "last", (chosen) => put("days", true)(chosen === "all" ? null : 30),
    ),
    node.days === null ? null : input(
      `${id}-days`, words.days_label, node.days, { type: "number", min: 1, max: 3650, class: "dxp-rule__number" }, days,
    ),
    node.days === null ? null : make("span", {}, words.days),
  ];
}

function segment(node, id, it) {
  const options = [["", it.words.choose], ...it.segments.map((one) => [one.id, one.name])];
  return [
    select(`${id}-id`, it.words.segment, options, node.id ?? "", (chosen) => {
      node.id = chosen === "" ? null : Number(chosen);
      it.changed();
    }),
  ];
}
