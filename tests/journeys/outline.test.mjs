// The outline editor's parts that need no browser.

import assert from "node:assert/strict";
import test from "node:test";

import * as trees from "../../static/js/journeys/outline_tree.js";

const step = (id, type = "delay", more = {}) => ({ id, type, ...more });
const arm = (id, ...steps) => ({ id, event: id, steps });
const wait = (id, arms, timeout = []) => step(id, "wait", { for: arms, timeout });
const drawn = () => [
  step("a"),
  wait("w", [arm("x", step("b"), step("c", "end")), arm("y")], [step("d")]),
  step("e", "jump", { to: "b" }),
];
const shape = (steps) => steps.map((one) => (
  trees.ways(one).length ? { [one.id]: Object.fromEntries(trees.ways(one).map(({ key, steps: its }) => [key, shape(its)])) } : one.id
));
const before = ["a", { w: { x: ["b", "c"], y: [], timeout: ["d"] } }, "e"];

test("steps are numbered by the ways on which they stand", () => {
  const told = [...trees.all(drawn())].map(({ step: { id }, number }) => `${id} ${number}`);

  assert.deepEqual(told, ["a 1", "w 2", "b 2a1", "c 2a2", "d 2c1", "e 3"]);
});

test("a step moves over the edge of its way into the next, and back", () => {
  const steps = drawn();

  assert.ok(trees.move(steps, "c", 1));
  assert.deepEqual(shape(steps)[1], { w: { x: ["b"], y: ["c"], timeout: ["d"] } });
  assert.ok(trees.move(steps, "c", -1));
  assert.deepEqual(shape(steps), before);
});

test("a step moves into the step above and out again", () => {
  const steps = drawn();

  assert.ok(trees.moveIn(steps, "e"));
  assert.deepEqual(shape(steps)[1].w.x, ["b", "c", "e"]);
  assert.ok(trees.moveOut(steps, "e"));
  assert.deepEqual(shape(steps), before);
});

test("what can't move further stays where it is", () => {
  const steps = drawn();

  for (const [id, act] of [["a", "up"], ["e", "down"], ["a", "out"], ["a", "into"], ["d", "down"], ["w", "into"]]) {
    assert.equal(trees.canMove(trees.locate(steps, id), act), false, `${id} ${act}`);
  }
  assert.deepEqual(shape(steps), before);
});

test("what is offered as a move is what can be done", () => {
  const does = { up: (of, id) => trees.move(of, id, -1), down: (of, id) => trees.move(of, id, 1), into: trees.moveIn, out: trees.moveOut };

  for (const { step: { id } } of trees.all(drawn())) {
    for (const [act, move] of Object.entries(does)) {
      assert.equal(trees.canMove(trees.locate(drawn(), id), act), move(drawn(), id), `${id} ${act}`);
    }
  }
});

test("a copy has ids of its own, and its jumps lead to the copies", () => {
  const steps = drawn();
  const copy = trees.renamed(steps);
  const ids = (of) => [...trees.all(of)].flatMap((one) => [one.step.id, ...trees.armsOf(one.step).map((way) => way.id)]);

  assert.equal(new Set([...ids(steps), ...ids(copy)]).size, 16);
  assert.equal(copy[2].to, copy[1].for[0].steps[0].id);
  for (const id of ids(copy)) assert.match(id, /^[a-z][a-z0-9]{0,19}$/);
});

test("a way that does not end goes on with what stands below the step around it", () => {
  const steps = [wait("o", [arm("x", wait("i", [arm("y")]))]), step("z")];

  assert.equal(trees.follower(trees.places(steps), "i").id, "z");
  assert.equal(trees.follower(trees.places([steps[0]]), "i"), null);
});

test("one walk finds every step where it stands", () => {
  const steps = drawn();

  for (const [id, found] of trees.places(steps)) assert.deepEqual(found, trees.locate(steps, id));
});

test("a step with ways has ended when all of them have", () => {
  assert.equal(trees.ends(wait("w", [arm("x", step("c", "end"))], [step("d", "jump")])), true);
  assert.equal(trees.ends(wait("w", [arm("x", step("c", "end"))], [])), false);
});

test("shares add up to a hundred, however many", () => {
  for (const n of [1, 2, 3, 6, 7, 10]) {
    const arms = Array.from({ length: n }, () => trees.freshArm("share"));
    trees.shareEqually(arms);
    assert.equal(trees.sumOf(arms), 100);
  }
});

test("nothing stands deeper than the grammar allows", () => {
  const nested = (depth) => (depth ? [wait(`w${depth}`, [arm(`x${depth}`, ...nested(depth - 1))])] : [step("leaf")]);

  assert.equal(trees.tooDeep(nested(trees.DEEPEST)), false);
  assert.equal(trees.tooDeep(nested(trees.DEEPEST + 1)), true);
});

test("every kind begins with all that its ways need", () => {
  for (const kind of trees.KINDS) {
    const one = trees.fresh(kind);
    assert.deepEqual(trees.whole([structuredClone(one)]), [one]);
  }
});
