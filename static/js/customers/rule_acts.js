// What can be done to a rule: each act changes the tree and says where the focus goes then.

import * as trees from "./rule_tree.js";
import { complete } from "./rule_form.js";

const moved = (key, act) => ({ focus: `rule-${key}-${act}`, said: "moved" });

const ACTS = {
  all: (root, key, all) => {
    trees.find(root, key).node.all = all;
    return { focus: `rule-${key}-all` };
  },
  not: (root, key, not) => {
    trees.find(root, key).node.not = not ?? !trees.find(root, key).node.not;
    return { focus: `rule-${key}-not` };
  },
  addCondition: (root, key, _, forms) => {
    const made = trees.freshLeaf(Object.values(forms)[0]);
    trees.insert(root, key, made);
    return { focus: `rule-${made.key}-kind`, said: "added", fresh: made.key };
  },
  addGroup: (root, key, _, forms) => {
    const inner = trees.freshLeaf(Object.values(forms)[0]);
    const { node } = trees.find(root, key);
    trees.insert(root, key, trees.freshGroup([inner], !node.all));
    return { focus: `rule-${inner.key}-kind`, said: "added", fresh: inner.key };
  },
  become: (root, key, kind, forms) => {
    const { parent, place, node } = trees.find(root, key);
    const made = { ...trees.freshLeaf(forms[kind]), key, not: node.not };
    complete(made.leaf, forms[kind]);
    parent.of[place] = made;
    return { focus: `rule-${key}-kind`, fresh: key };
  },
  up: (root, key) => trees.move(root, key, -1) && moved(key, "up"),
  down: (root, key) => trees.move(root, key, 1) && moved(key, "down"),
  into: (root, key) => trees.moveIn(root, key) && moved(key, "into"),
  out: (root, key) => trees.moveOut(root, key) && moved(key, "out"),
  duplicate: (root, key) => {
    const copy = trees.duplicate(root, key);
    return { focus: `rule-${copy}-duplicate`, said: "duplicated" };
  },
  remove: (root, key) => {
    const near = trees.remove(root, key);
    return { focus: near === root.key ? `rule-${near}-add` : `rule-${near}-remove`, said: "removed" };
  },
};

// Answers the changed tree and what to say, or why it can't be done; the tree given stays as it is.
export function act(root, name, key, value, forms) {
  if (!trees.find(root, key)) return { refused: "no_place" };
  const changed = structuredClone(root);
  const done = ACTS[name](changed, key, value, forms);
  if (!done) return { refused: "no_place" };
  if (trees.tooDeep(changed) && trees.levels(changed) > trees.levels(root)) return { refused: "too_deep" };
  return { root: changed, ...done };
}

export function can(root, name, key) {
  const { parent, place, above } = trees.find(root, key);
  if (name === "up") return place > 0;
  if (name === "down") return place < parent.of.length - 1;
  if (name === "out") return above.length > 1;
  return name !== "into" || !act(root, name, key).refused;
}
