// The outline as data: steps in lists, lists in the ways of steps. Pure: knows no page.

export const KINDS = ["delay", "wait", "branch", "split", "send", "update", "jump", "end"];
export const MOST_ARMS = 10;
export const DEEPEST = 6;

const FRESH = {
  delay: () => ({ mode: "for", amount: 1, unit: "days" }),
  wait: () => ({ for: [freshArm("event")], amount: 3, unit: "days", timeout: [] }),
  branch: () => ({ arms: [freshArm("rule")], else: [] }),
  split: () => ({ arms: [{ ...freshArm("share"), percent: 50 }, { ...freshArm("share"), percent: 50 }] }),
  send: () => ({ message: null }),
  update: () => ({ trait: "", value: "" }),
  jump: () => ({ to: "" }),
  end: () => ({ outcome: "completed" }),
};

function freshId(letter) {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => (n % 36).toString(36));
  return `${letter}${letters.join("")}`;
}

export function fresh(type) {
  return { id: freshId("s"), type, ...FRESH[type]?.() };
}

export function freshArm(kind) {
  const own = { event: { event: "", where: [] }, rule: { rule: {} }, share: { percent: 0 } }[kind];
  return { id: freshId("w"), ...own, steps: [] };
}

export function armsOf(step) {
  if (step.type === "wait") return step.for;
  return step.type === "branch" || step.type === "split" ? step.arms : [];
}

// Every way out of a step that has steps of its own, by its key: an arm's id, "timeout" or "else".
export function ways(step) {
  const found = armsOf(step).map((arm) => ({ key: arm.id, arm, steps: arm.steps }));
  if (step.type === "wait") found.push({ key: "timeout", arm: null, steps: step.timeout });
  if (step.type === "branch") found.push({ key: "else", arm: null, steps: step.else });
  return found;
}

// What came from the server may lack lists that nobody filled.
export function whole(steps) {
  for (const step of steps) {
    if (step.type === "wait") step.timeout ??= [];
    if (step.type === "wait") step.for ??= [];
    if (step.type === "branch") step.else ??= [];
    if (step.type === "branch" || step.type === "split") step.arms ??= [];
    for (const arm of armsOf(step)) arm.steps ??= [];
    for (const way of ways(step)) whole(way.steps);
  }
  return steps;
}

export function* all(steps, prefix = "") {
  for (const [place, step] of steps.entries()) {
    const number = `${prefix}${place + 1}`;
    yield { step, number };
    for (const [at, way] of ways(step).entries()) yield* all(way.steps, `${number}${letter(at)}`);
  }
}

export function letter(place) {
  return "abcdefghijk"[place];
}

// Where a step stands: its list and place, the step and the way around it, all steps above.
export function locate(steps, id, owner = "", way = "", above = []) {
  const place = steps.findIndex((step) => step.id === id);
  if (place >= 0) return { list: steps, place, step: steps[place], owner, way, above };
  for (const step of steps) {
    for (const one of ways(step)) {
      const found = locate(one.steps, id, step.id, one.key, [...above, step]);
      if (found) return found;
    }
  }
  return null;
}

export function locateArm(steps, id) {
  for (const { step } of all(steps)) {
    const place = armsOf(step).findIndex((arm) => arm.id === id);
    if (place >= 0) return { step, arms: armsOf(step), place, arm: armsOf(step)[place] };
  }
  return null;
}

export function listOf(steps, owner, way) {
  if (!owner) return steps;
  const found = locate(steps, owner);
  return found ? ways(found.step).find(({ key }) => key === way)?.steps ?? null : null;
}

export function ends(step) {
  if (step.type === "end" || step.type === "jump") return true;
  const out = ways(step);
  return out.length > 0 && out.every(({ steps }) => steps.length > 0 && ends(steps.at(-1)));
}

// The step with which a way goes on that does not end: what stands below the step around it.
export function follower(found, owner) {
  const { list, place, above } = found.get(owner);
  if (list[place + 1]) return list[place + 1];
  return above.length ? follower(found, above.at(-1).id) : null;
}

function depthOf(step) {
  const inner = ways(step).flatMap((way) => way.steps.map(depthOf));
  return ways(step).length ? 1 + Math.max(0, ...inner) : 0;
}

export function tooDeep(steps) {
  return Math.max(0, ...steps.map(depthOf)) > DEEPEST;
}

// Within its list; over its edge into the way before or after, if the step around it has one.
export function move(steps, id, by) {
  const { list, place, step, owner, way } = locate(steps, id);
  const next = place + by;
  if (next >= 0 && next < list.length) {
    list.splice(place, 1);
    list.splice(next, 0, step);
    return true;
  }
  if (!owner) return false;
  const beside = ways(locate(steps, owner).step);
  const other = beside[beside.findIndex(({ key }) => key === way) + by];
  if (!other) return false;
  list.splice(place, 1);
  if (by > 0) other.steps.unshift(step);
  else other.steps.push(step);
  return true;
}

// To the end of the first way of the step above it.
export function moveIn(steps, id) {
  const { list, place, step } = locate(steps, id);
  const into = place > 0 ? ways(list[place - 1])[0] : null;
  if (!into) return false;
  list.splice(place, 1);
  into.steps.push(step);
  return true;
}

// Below the step around it.
export function moveOut(steps, id) {
  const { list, place, step, owner } = locate(steps, id);
  if (!owner) return false;
  list.splice(place, 1);
  const outer = locate(steps, owner);
  outer.list.splice(outer.place + 1, 0, step);
  return true;
}

// Where every step stands, by its id: what `locate` finds, in one walk.
export function places(steps, owner = "", way = "", above = [], found = new Map()) {
  for (const [place, step] of steps.entries()) {
    found.set(step.id, { list: steps, place, step, owner, way, above });
    for (const one of ways(step)) places(one.steps, step.id, one.key, [...above, step], found);
  }
  return found;
}

export function canMove({ list, place, step, owner, way, above }, act) {
  if (act === "out") return Boolean(owner);
  if (act === "into") {
    return place > 0 && ways(list[place - 1]).length > 0 && above.length + 1 + depthOf(step) <= DEEPEST;
  }
  const by = act === "up" ? -1 : 1;
  if (list[place + by]) return true;
  const beside = owner ? ways(above.at(-1)) : [];
  return Boolean(beside[beside.findIndex(({ key }) => key === way) + by]);
}

// The same steps with ids of their own; jumps among them lead to the copies.
export function renamed(steps) {
  const names = new Map();
  const copy = structuredClone(steps);
  for (const { step } of all(copy)) {
    for (const one of [step, ...armsOf(step)]) {
      names.set(one.id, freshId(one === step ? "s" : "w"));
      one.id = names.get(one.id);
    }
  }
  for (const { step } of all(copy)) if (names.has(step.to)) step.to = names.get(step.to);
  return copy;
}

export function shareEqually(arms) {
  const each = Math.floor(100 / arms.length);
  for (const [place, arm] of arms.entries()) arm.percent = each + (place < 100 - each * arms.length ? 1 : 0);
}

export function sumOf(arms) {
  const sum = arms.reduce((before, { percent }) => before + (Number(percent) || 0), 0);
  return Math.round(sum * 100) / 100;
}
