// The rule builder's pure parts, with a small made-up kind of condition.

import assert from "node:assert/strict";
import test from "node:test";

import { act, can } from "../../static/js/customers/rule_acts.js";
import { complete, plainLeaf, reshaped, shapeOf } from "../../static/js/customers/rule_form.js";
import { History } from "../../static/js/customers/rule_history.js";
import { find, fromRule, levels, locate, toRule } from "../../static/js/customers/rule_tree.js";

const FORMS = {
  trait: {
    name: "trait",
    blank: { field: "", cmp: "eq", value: "" },
    fields: [
      { key: "field", kind: "name", required: true },
      { key: "cmp", kind: "choice", options: [["eq", "is"], ["in", "one of"], ["within_last", "in the last"]], required: true },
      { key: "value", kind: "value", required: true },
      { key: "unit", kind: "choice", options: [["days", "days"], ["weeks", "weeks"]], only: { cmp: ["within_last"] }, required: true },
    ],
  },
  event: {
    name: "event",
    blank: { matcher: { event: "" }, metric: "count", window: "all", cmp: "gte", value: 1 },
    fields: [
      { key: "matcher.event", kind: "name", required: true },
      { key: "matcher.where", kind: "where", required: false },
      { key: "metric", kind: "choice", options: [["count", ""], ["sum", ""]], required: true },
      { key: "prop", kind: "name", only: { metric: ["sum"] }, required: true },
      { key: "value", kind: "number", required: true },
    ],
  },
};
const is = (field, value) => ({ op: "trait", field, cmp: "eq", value });
const rule = (root) => ({ v: 1, root });
const all = (...of) => ({ op: "and", of });
const any = (...of) => ({ op: "or", of });
const not = (of) => ({ op: "not", of });
const keys = (root) => root.of.map((node) => node.key);
const after = (root, ...asked) => act(root, ...asked, undefined, FORMS).root;

test("a rule comes back as it was", () => {
  const given = rule(all(not(is("a", 1)), any(is("b", true), not(any(is("c", "x"), is("d", "y"))))));

  assert.deepEqual(toRule(fromRule(given), FORMS), given);
});

test("a single condition stands in a group of its own", () => {
  assert.deepEqual(toRule(fromRule(rule(is("a", 1))), FORMS), rule(all(is("a", 1))));
});

test("a kind of condition that nobody knows here is kept as it is", () => {
  const given = rule(all({ op: "moon", phase: "full" }));

  assert.deepEqual(toRule(fromRule(given), FORMS), given);
});

test("moving into a group and out again changes nothing", () => {
  const root = fromRule(rule(all(is("a", 1), any(is("b", 2), is("c", 3)))));
  const [a, group] = keys(root);
  const down = after(root, "down", a);
  const into = after(down, "into", a);

  assert.deepEqual(toRule(into, FORMS), rule(all(any(is("b", 2), is("c", 3), is("a", 1)))));
  assert.deepEqual(toRule(after(into, "out", a), FORMS), toRule(down, FORMS));
  assert.deepEqual(keys(root), [a, group]);
});

test("a condition without a group above it gets one of its own", () => {
  const root = fromRule(rule(all(is("a", 1))));

  assert.deepEqual(toRule(after(root, "into", keys(root)[0]), FORMS), rule(all(any(is("a", 1)))));
});

test("the last condition that leaves a group takes the group away", () => {
  const root = fromRule(rule(all(any(is("a", 1)))));
  const inner = root.of[0].of[0].key;

  assert.deepEqual(toRule(after(root, "out", inner), FORMS), rule(all(is("a", 1))));
});

test("a node that is gone is left alone", () => {
  assert.equal(act(fromRule(rule(all(is("a", 1)))), "remove", "gone", undefined, FORMS).refused, "no_place");
});

test("a copy stands below and is another one", () => {
  const given = fromRule(rule(all(any(is("a", 1)))));
  const copied = after(given, "duplicate", keys(given)[0]);
  assert.deepEqual(toRule(copied, FORMS), rule(all(any(is("a", 1)), any(is("a", 1)))));
  assert.notEqual(copied.of[0].of[0].key, copied.of[1].of[0].key);
});

test("what would stand deeper than five levels is refused", () => {
  const root = fromRule(rule(all(any(all(any(is("a", 1)))))));
  const deepest = root.of[0].of[0].of[0];

  assert.equal(levels(root), 5);
  assert.equal(act(root, "addGroup", deepest.key, undefined, FORMS).refused, "too_deep");
  assert.equal(act(root, "not", deepest.of[0].key, true, FORMS).refused, "too_deep");
  assert.equal(can(root, "into", deepest.of[0].key), false);
  assert.ok(act(root, "addCondition", deepest.key, undefined, FORMS).root);
});

test("the server's path leads to the node and the field", () => {
  const root = fromRule(rule(all(is("a", 1), not(any(is("b", 1), not(is("c", 1)))))));

  assert.equal(locate(root, "root").key, root.key);
  assert.deepEqual(locate(root, "root.of.0.value"), { key: root.of[0].key, field: "value" });
  assert.deepEqual(locate(root, "root.of.1.of.of.1.of.matcher.where.0.prop"), {
    key: root.of[1].of[1].key, field: "matcher.where.0.prop",
  });
});

test("only fields in view are saved, and no empty list of properties", () => {
  const leaf = { matcher: { event: "e", where: [] }, metric: "count", prop: "price", value: 1 };

  assert.deepEqual(plainLeaf(leaf, FORMS.event), { matcher: { event: "e" }, metric: "count", value: 1 });
});

test("a field that comes into view begins with something", () => {
  const leaf = { field: "born", cmp: "within_last", value: 3 };
  complete(leaf, FORMS.trait);

  assert.equal(leaf.unit, "days");
});

test("a value takes the shape that its comparison asks for", () => {
  assert.deepEqual(reshaped("HR", shapeOf("in", "text"), "text"), ["HR"]);
  assert.equal(reshaped(["HR", "RO"], shapeOf("eq", "text"), "text"), "HR");
  assert.equal(reshaped("HR", shapeOf("set", "text"), "text"), true);
  assert.equal(reshaped(true, shapeOf("eq", "text"), "text"), "");
  assert.equal(reshaped("12", shapeOf("gte", "number"), "number"), 12);
  assert.equal(reshaped("soon", shapeOf("within_last", "date"), "date"), null);
});

test("undo and redo walk through what was done; typing into one field is one step", () => {
  const history = new History({ n: 0 });
  history.did({ n: 1 });
  history.did({ n: 2 }, "name");
  history.did({ n: 3 }, "name");

  assert.deepEqual(history.undo(), { n: 1 });
  assert.deepEqual(history.undo(), { n: 0 });
  assert.equal(history.undo(), null);
  assert.deepEqual([history.redo(), history.redo(), history.redo()], [{ n: 1 }, { n: 3 }, null]);

  history.undo();
  history.did({ n: 9 });
  assert.equal(history.redo(), null);
  assert.deepEqual(history.undo(), { n: 1 });
});

test("a node is found with the groups above it", () => {
  const root = fromRule(rule(all(any(is("a", 1)))));
  const { parent, above, place } = find(root, root.of[0].of[0].key);

  assert.deepEqual([parent, above.length, place], [root.of[0], 2, 0]);
});
