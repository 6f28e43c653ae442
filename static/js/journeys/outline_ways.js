// The ways out of a step: what leads there, the steps on it, and where it goes on.

import { button, make, tool } from "../customers/rule_parts.js";
import { field, number } from "./outline_parts.js";
import { matcher } from "./outline_rules.js";
import { armsOf, ends, follower, freshArm, MOST_ARMS, shareEqually, sumOf } from "./outline_tree.js";
import { list, naming, tally } from "./outline_view.js";

export function way(step, { key, arm, steps }, place, prefix, depth, it) {
  const label = `way-${step.id}-${key}`;
  const counted = it.counts[arm ? key : `${step.id}:${key}`];
  return make(
    "section",
    { class: "dxp-outline__way", id: arm ? `arm-${key}` : null, "data-arm": arm ? key : null, "aria-labelledby": label },
    make(
      "div", { class: "dxp-outline__head" },
      make("h4", { id: label, tabindex: "-1" }, `${prefix} ${wayTitle(step, key, arm, it)}`),
      make("span", { class: "dxp-outline__tally", id: `tally-${arm ? key : `${step.id}:${key}`}` }, ...tally(counted, it)),
      arm ? armTools(step, arm, place, `${prefix} ${wayTitle(step, key, arm, it)}`, it) : null,
    ),
    arm ? make("div", { class: "dxp-outline__fields" }, ...armFields(step, arm, it)) : null,
    list(steps, { owner: step.id, key, prefix, depth: depth + 1 }, it),
    goesOn(step, steps, it),
  );
}

export function wayTitle(step, key, arm, it) {
  const { words } = it;
  if (!arm) return words[key];
  if (arm.name) return arm.name;
  if (step.type === "wait") return "rule" in arm ? words.ifRule : words.ifEvent;
  return step.type === "branch" ? words.ifRule : words.way;
}

function goesOn(step, steps, it) {
  const over = steps.length && ends(steps.at(-1)) ? steps.at(-1) : null;
  if (over?.type === "end") return make("p", { class: "dxp-quiet" }, `… ${it.words.stops}`);
  if (over && (over.type !== "jump" || !it.numbers.has(over.to))) return null;
  const next = over ? { id: over.to } : follower(it.places, step.id);
  const words = next ? it.words.goesOn.replace("%(n)s", it.numberOf(next)) : it.words.completed;
  return make("p", { class: "dxp-quiet" }, `… ${words}`);
}

function armFields(step, arm, it) {
  const { words } = it;
  const name = naming(arm, it);
  if (step.type === "split") {
    const share = number(arm.percent, { min: 0, max: 100, step: "any" });
    return [name, field(it, arm, arm.id, "percent", words.percent, share, { changed: () => it.resum(step) })];
  }
  if ("rule" in arm) return [step.type === "branch" ? name : null, rule(arm, it)].filter(Boolean);
  return [matcher(it, arm, arm.id, { same: Boolean(it.state.entry.key) || Boolean(arm.same) })];
}

function rule(arm, it) {
  const { words } = it;
  const open = it.isOpen(arm);
  const toggle = button(
    `rule-${arm.id}`, open ? words.done : words.editRule, open ? "check" : "edit", () => it.toggle(arm),
  );
  toggle.setAttribute("aria-expanded", String(open));
  const sentence = make("p", { class: "dxp-outline__sentence", id: `sentence-${arm.id}` }, it.sentences[arm.id] || words.noRule);
  let inside = null;
  if (open) inside = it.vocabulary.told ? it.ruleEditor(arm).element : make("p", { class: "dxp-quiet" }, words.cannotWrite);
  return make("div", { class: "dxp-outline__condition" }, sentence, toggle, inside);
}

function armTools(step, arm, place, title, it) {
  const { words } = it;
  const arms = armsOf(step);
  const shift = (by) => it.become(() => {
    arms.splice(place, 1);
    arms.splice(place + by, 0, arm);
  }, `${by < 0 ? "armup" : "armdown"}-${arm.id}`, words.moved);
  const drop = () => it.become(() => arms.splice(place, 1), `title-${step.id}`, words.removed);
  const one = (act, name, does, disabled) => tool(`${act}-${arm.id}`, `${words[`arm${name}`]}: ${title}`, { Up: "arrow-up", Down: "arrow-down", Remove: "bin" }[name], does, { disabled });
  return make(
    "span", { class: "dxp-rule__tools" },
    one("armup", "Up", () => shift(-1), place === 0),
    one("armdown", "Down", () => shift(1), place === arms.length - 1),
    one("armremove", "Remove", drop, false),
  );
}

// What stands below all ways of a step: the ways that can be added.
export function feet(step, it) {
  const arms = armsOf(step);
  const { words } = it;
  if (!["wait", "branch", "split"].includes(step.type)) return [];
  const add = (kind) => {
    const arm = freshArm(kind);
    const focus = { event: `event-${arm.id}`, rule: `rule-${arm.id}`, share: `name-${arm.id}` }[kind];
    it.become(() => {
      arms.push(arm);
      if (kind === "rule") it.opened.add(arm.id);
    }, focus, words.added, arm.id);
  };
  const adders = {
    wait: [["event", words.addEventArm], ["rule", words.addRuleArm]],
    branch: [["rule", words.addArm]],
    split: [["share", words.addArm]],
  }[step.type];
  const buttons = arms.length < MOST_ARMS
    ? adders.map(([kind, said]) => button(`add${kind}-${step.id}`, said, "plus", () => add(kind)))
    : [];
  if (step.type === "split" && arms.length > 1) {
    buttons.push(button(`equal-${step.id}`, words.equal, "resubmit", () => it.become(() => shareEqually(arms), `equal-${step.id}`)));
    buttons.push(make("span", { class: "dxp-quiet", id: `sum-${step.id}` }, words.sum.replace("%(n)s", sumOf(arms))));
  }
  return [make("div", { class: "dxp-outline__feet", id: `arms-${step.id}`, tabindex: "-1" }, ...buttons)];
}
