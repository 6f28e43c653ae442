// A rule as the builder holds it: each node has a key of its own, and "not" is a mark on a node
// instead of a node around it. Pure: knows no page.

import { plainLeaf } from "./rule_form.js";

export const DEEPEST = 5;

let latest = 0;

function key() {
  latest += 1;
  return `n${latest}`;
}

export function freshLeaf(form) {
  const { op, ...leaf } = structuredClone(form.blank);
  return { key: key(), not: false, op: op ?? form.name, leaf };
}

export function freshGroup(of, all = true) {
  return { key: key(), not: false, op: "group", all, of };
}

export function fromRule(rule) {
  const root = rule?.root ? fromNode(rule.root) : freshGroup([]);
  return root.op === "group" && !root.not ? root : freshGroup([root]);
}

function fromNode(node, not = false) {
  if (node.op === "not") return fromNode(node.of, !not);
  if (node.op === "and" || node.op === "or") {
    return { ...freshGroup(node.of.map((child) => fromNode(child)), node.op === "and"), not };
  }
  const { op, ...leaf } = structuredClone(node);
  return { key: key(), not, op, leaf };
}

export function toRule(root, forms) {
  return { v: 1, root: toNode(root, forms) };
}

function toNode(node, forms) {
  const plain = node.op === "group"
    ? { op: node.all ? "and" : "or", of: node.of.map((child) => toNode(child, forms)) }
    : { op: node.op, ...plainLeaf(node.leaf, forms[node.op]) };
  return node.not ? { op: "not", of: plain } : plain;
}

// Where a node stands: itself, the group around it, its place there, and the groups on the way.
export function find(root, wanted, above = []) {
  if (root.key === wanted) return { node: root, parent: above.at(-1) ?? null, place: 0, above };
  for (const [place, child] of (root.of ?? []).entries()) {
    if (child.key === wanted) return { node: child, parent: root, place, above: [...above, root] };
    const found = child.of ? find(child, wanted, [...above, root]) : null;
    if (found) return found;
  }
  return null;
}

// Levels as the server counts them: a "not" is one too.
export function levels(node) {
  const inside = node.of?.length ? Math.max(...node.of.map(levels)) : 0;
  return inside + (node.op === "group" && !node.of.length ? 2 : 1) + (node.not ? 1 : 0);
}

export function tooDeep(root) {
  return levels(root) > DEEPEST;
}

export function insert(root, groupKey, node) {
  find(root, groupKey).node.of.push(node);
}

export function remove(root, wanted) {
  const { parent, place } = find(root, wanted);
  parent.of.splice(place, 1);
  return (parent.of[place] ?? parent.of[place - 1] ?? parent).key;
}

export function duplicate(root, wanted) {
  const { node, parent, place } = find(root, wanted);
  const copy = renamed(structuredClone(node));
  parent.of.splice(place + 1, 0, copy);
  return copy.key;
}

function renamed(node) {
  return { ...node, key: key(), ...(node.of ? { of: node.of.map(renamed) } : {}) };
}

export function move(root, wanted, by) {
  const { node, parent, place } = find(root, wanted);
  const next = place + by;
  if (!parent || next < 0 || next >= parent.of.length) return false;
  parent.of.splice(place, 1);
  parent.of.splice(next, 0, node);
  return true;
}

// Into the group just above it, or else into a new group of its own.
export function moveIn(root, wanted) {
  const { node, parent, place } = find(root, wanted);
  if (!parent) return false;
  const before = parent.of[place - 1];
  if (before?.op === "group") {
    parent.of.splice(place, 1);
    before.of.push(node);
  } else {
    parent.of.splice(place, 1, freshGroup([node], !parent.all));
  }
  return true;
}

// Out of its group, to stand just after it; a group that is empty then goes away.
export function moveOut(root, wanted) {
  const { node, parent, place, above } = find(root, wanted);
  const outer = above.at(-2);
  if (!outer) return false;
  parent.of.splice(place, 1);
  outer.of.splice(outer.of.indexOf(parent) + 1, 0, node);
  if (!parent.of.length) outer.of.splice(outer.of.indexOf(parent), 1);
  return true;
}

// Where the server's `root.of.1.of.matcher.event` points to: the node, and the field in it.
export function locate(root, path) {
  const steps = path.split(".").slice(1);
  let node = root;
  let opened = false;
  while (steps[0] === "of") {
    if (node.not && !opened) {
      opened = true;
      steps.shift();
    } else if (node.op === "group" && node.of[Number(steps[1])]) {
      node = node.of[Number(steps[1])];
      opened = false;
      steps.splice(0, 2);
    } else {
      break;
    }
  }
  return { key: node.key, field: steps.join(".") };
}
