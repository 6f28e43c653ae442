// A rule as the builder holds it: "not" is a mark on a node instead of a node around it.

export const blank = {
  trait: () => ({ op: "trait", not: false, field: "", cmp: "eq", value: "" }),
  event: () => ({
    op: "event", not: false, name: "", metric: "count", cmp: "gte", value: 1, days: null,
  }),
  segment: () => ({ op: "segment", not: false, id: null }),
  group: () => ({ op: "group", not: false, all: true, of: [blank.trait()] }),
};

export function fromRule(rule) {
  const root = rule && rule.root ? fromNode(rule.root) : blank.group();
  return root.op === "group" && !root.not ? root : { ...blank.group(), of: [root] };
}

function fromNode(node, not = false) {
  if (node.op === "not") return fromNode(node.of, !not);
  if (node.op === "and" || node.op === "or") {
    return { op: "group", not, all: node.op === "and", of: node.of.map((child) => fromNode(child)) };
  }
  if (node.op === "trait" && node.cmp === "set") {
    return { ...node, not, cmp: node.value === false ? "unknown" : "known", value: "" };
  }
  if (node.op === "event") {
    const { window: period, ...rest } = node;
    return { ...rest, not, days: period && period.last ? period.last[0] : null };
  }
  return { ...node, not };
}

export function toRule(root) {
  return { v: 1, root: toNode(root) };
}

function toNode(node) {
  const plain = toPlain(node);
  return node.not ? { op: "not", of: plain } : plain;
}

function toPlain(node) {
  if (node.op === "group") return { op: node.all ? "and" : "or", of: node.of.map(toNode) };
  if (node.op === "segment") return { op: "segment", id: node.id };
  if (node.op === "event") {
    const { op, name, metric, cmp, value, days } = node;
    return { op, name, metric, cmp, value, window: days === null ? "all" : { last: [days, "days"] } };
  }
  const { op, field, cmp, value } = node;
  if (cmp === "known" || cmp === "unknown") return { op, field, cmp: "set", value: cmp === "known" };
  return { op, field, cmp, value };
}

// Where the server's `root.of.1.of.value` points to: [node, its path here], as deep as it goes.
export function locate(root, path) {
  const steps = path.split(".").slice(1);
  let node = root;
  const here = [];
  let inside = !node.not;
  while (steps[0] === "of") {
    if (!inside) {
      steps.shift();
      inside = true;
    } else if (node.op === "group" && node.of[Number(steps[1])]) {
      node = node.of[Number(steps[1])];
      here.push(Number(steps[1]));
      steps.splice(0, 2);
      inside = !node.not;
    } else {
      break;
    }
  }
  return here;
}
