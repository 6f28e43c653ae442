// Draws the tree of a rule: groups within groups, one block for each condition.

import { fields } from "./rule_fields.js";
import { button, icon, make, select, tool } from "./rule_parts.js";

export function idOf(node) {
  return `rule-${node.key}`;
}

export function tree(root, it) {
  return group(root, [], it);
}

// Every act has a button and a key; `do` is the builder's name for it.
export const TOOLS = [
  { do: "up", icon: "arrow-up", keys: "Alt+Shift+ArrowUp", code: "ArrowUp" },
  { do: "down", icon: "arrow-down", keys: "Alt+Shift+ArrowDown", code: "ArrowDown" },
  { do: "into", icon: "arrow-right", keys: "Alt+Shift+ArrowRight", code: "ArrowRight" },
  { do: "out", icon: "arrow-left", keys: "Alt+Shift+ArrowLeft", code: "ArrowLeft" },
  { do: "duplicate", icon: "copy", keys: "Alt+Shift+D", code: "KeyD" },
  { do: "remove", icon: "bin", keys: "Alt+Shift+Delete", code: "Delete" },
];

function label(word, path) {
  return [word, path.map((step) => step + 1).join(".")].join(" ").trim();
}

function group(node, path, it) {
  const id = idOf(node);
  const { words } = it;
  const title = path.length ? label(words.group, path) : words.rule;
  const pick = (chosen) => it.act("all", node.key, chosen === "true");
  const children = node.of.map((child, place) => make(
    "li", { class: "dxp-rule__item" },
    place ? make("span", { class: "dxp-rule__join" }, node.all ? words.and : words.or) : null,
    child.op === "group" ? group(child, [...path, place], it) : condition(child, [...path, place], it),
  ));
  return make(
    "fieldset", { class: `dxp-rule__group dxp-rule__group--${node.all ? "all" : "any"}`, id, "data-key": node.key },
    make("legend", { class: "w-sr-only" }, title),
    make(
      "div", { class: "dxp-rule__head" },
      path.length ? not(node, it) : null,
      make("span", {}, path.length ? words.group_match : words.match),
      select(`${id}-all`, `${title}: ${words.group_match}`, [["true", words.all], ["false", words.any]], node.all, pick),
      path.length ? tools(node, title, it) : null,
    ),
    error(id),
    make("ul", { class: "dxp-rule__children" }, ...children),
    make(
      "div", { class: "dxp-rule__adds" },
      button(`${id}-add`, words.add_condition, "plus", () => it.act("addCondition", node.key)),
      button(`${id}-add-group`, words.add_group, "folder-open-1", () => it.act("addGroup", node.key)),
    ),
  );
}

export function condition(node, path, it) {
  const id = idOf(node);
  const title = label(it.words.condition, path);
  const form = it.forms[node.op];
  const kinds = Object.values(it.forms).map((one) => [one.name, one.label]);
  return make(
    "fieldset", { class: "dxp-rule__leaf", id, "data-key": node.key, "data-path": path.join(".") },
    make("legend", { class: "w-sr-only" }, title),
    make(
      "div", { class: "dxp-rule__head" },
      not(node, it),
      form
        ? select(`${id}-kind`, `${title}: ${it.words.kind}`, kinds, node.op, (kind) => it.act("become", node.key, kind))
        : make("span", { id: `${id}-kind`, tabindex: "-1" }, it.words.strange),
    ),
    form ? make("div", { class: "dxp-rule__row" }, ...fields(node, it)) : null,
    tools(node, title, it),
    form?.help && it.isFresh(node.key) ? make("p", { class: "dxp-rule__help" }, form.help) : null,
    error(id),
  );
}

function error(id) {
  return make("p", { class: "dxp-rule__error", id: `${id}-error`, hidden: true }, icon("warning"), make("span", {}));
}

function not(node, it) {
  const box = make("input", { type: "checkbox", id: `${idOf(node)}-not`, checked: node.not, "aria-keyshortcuts": "Alt+Shift+N" });
  box.addEventListener("change", () => it.act("not", node.key, box.checked));
  return make("label", { class: "dxp-rule__not" }, box, ` ${it.words.not}`);
}

// One stop of the Tab key; the arrows go from one button to the next.
function tools(node, title, it) {
  const { can, words } = it;
  const shown = TOOLS.map((one) => tool(
    `${idOf(node)}-${one.do}`, `${words[one.do]} (${one.keys})`, one.icon, () => it.act(one.do, node.key),
    { tabindex: "-1", "aria-keyshortcuts": one.keys, "aria-disabled": can(one.do, node.key) ? null : "true" },
  ));
  shown[0].setAttribute("tabindex", "0");
  const bar = make("div", { class: "dxp-rule__tools", role: "toolbar", "aria-label": `${words.tools}: ${title}` }, ...shown);
  bar.addEventListener("keydown", (event) => {
    const here = shown.indexOf(document.activeElement);
    const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (there === undefined || event.altKey) return;
    event.preventDefault();
    rove(shown, (there + shown.length) % shown.length);
  });
  return bar;
}

function rove(buttons, place) {
  for (const [other, one] of buttons.entries()) one.setAttribute("tabindex", other === place ? "0" : "-1");
  buttons[place].focus();
}
