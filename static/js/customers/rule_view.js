// Draws the tree of a rule: groups within groups, one row for each condition.

import { leaf } from "./rule_leaves.js";
import { button, icon, make, select } from "./rule_parts.js";
import { blank } from "./rule_tree.js";

// The server allows five levels, a "not" being one of them.
const DEEPEST = 3;

export function tree(root, it) {
  return group(root, [], it);
}

export function idOf(path) {
  return ["rule", ...path].join("-");
}

function group(node, path, it) {
  const id = idOf(path);
  const { words } = it;
  const add = (made) => {
    node.of.push(made);
    it.redraw(`${idOf([...path, node.of.length - 1])}-kind`);
  };
  const addGroup = () => {
    node.of.push(blank.group());
    it.redraw(`${idOf([...path, node.of.length - 1])}-all`);
  };
  const choices = [["true", words.all], ["false", words.any]];
  const pick = (chosen) => {
    node.all = chosen === "true";
    it.changed();
  };
  return make(
    "fieldset", { class: "dxp-rule__group", id },
    make("legend", { class: "w-sr-only" }, label(words.group, path)),
    make(
      "div", { class: "dxp-rule__row" },
      path.length ? not(node, id, it) : null,
      make("span", {}, path.length ? words.group_match : words.match),
      select(`${id}-all`, words.group_match, choices, node.all, pick),
      path.length ? remove(path, it) : null,
    ),
    make("p", { class: "dxp-rule__error", id: `${id}-error`, hidden: true }),
    make("ul", { class: "dxp-rule__children" }, ...node.of.map((child, i) => (
      make("li", {}, child.op === "group" ? group(child, [...path, i], it) : row(child, [...path, i], node, it))
    ))),
    make(
      "div", { class: "dxp-rule__adds" },
      button(`${id}-add`, words.add_condition, "plus", () => add(blank.trait())),
      path.length < DEEPEST ? button(`${id}-add-group`, words.add_group, "plus", addGroup) : null,
    ),
  );
}

function row(node, path, parent, it) {
  const id = idOf(path);
  const { words } = it;
  const kinds = ["trait", "event", "segment"].map((kind) => [kind, words[kind]]);
  const become = (kind) => {
    parent.of[path[path.length - 1]] = { ...blank[kind](), not: node.not };
    it.redraw();
  };
  return make(
    "fieldset", { class: "dxp-rule__leaf", id },
    make("legend", { class: "w-sr-only" }, label(words.condition, path)),
    make(
      "div", { class: "dxp-rule__row" },
      not(node, id, it),
      select(`${id}-kind`, words.kind, kinds, node.op, become),
      ...leaf(node, id, it),
      remove(path, it),
    ),
    make("p", { class: "dxp-rule__error", id: `${id}-error`, hidden: true }),
  );
}

function not(node, id, it) {
  const box = make("input", { type: "checkbox", id: `${id}-not`, checked: node.not });
  box.addEventListener("change", () => {
    node.not = box.checked;
    it.changed();
  });
  return make("label", { class: "dxp-rule__not" }, box, ` ${it.words.not}`);
}

function remove(path, it) {
  const text = `${it.words.remove}: ${label(it.words.condition, path)}`;
  return make(
    "button",
    { type: "button", id: `${idOf(path)}-remove`, class: "dxp-rule__remove", "aria-label": text, title: text, onclick: () => it.remove(path) },
    icon("bin"),
  );
}

function label(word, path) {
  return [word, path.map((step) => step + 1).join(".")].join(" ").trim();
}
