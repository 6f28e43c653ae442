// The outline as elements: cards with fields and buttons. Draws, and tells the editor what was done.

import { BRANCHES, ends } from "./outline_tree.js";

const UNITS = ["minutes", "hours", "days", "weeks", "seconds"];

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function list(steps, owner, branch, it, prefix = "") {
  const cards = steps.map((step, place) => card(step, place, steps.length, it, `${prefix}${place + 1}`));
  const items = make("ol", { class: "dxp-outline__list" }, ...cards);
  const empty = !steps.length && !owner ? make("p", { class: "dxp-quiet" }, it.words.empty) : null;
  return make("div", { class: "dxp-outline__branch" }, empty, items, adders(steps, owner, branch, it));
}

function adders(steps, owner, branch, it) {
  if (steps.length && ends(steps.at(-1))) return null;
  const buttons = ["delay", "wait", "send", "end"].map((type) => {
    const words = it.words[`add${type[0].toUpperCase()}${type.slice(1)}`];
    const button = make(
      "button",
      { type: "button", class: "button button-small button-secondary", id: `add-${owner}-${branch}-${type}` },
      words,
    );
    button.addEventListener("click", () => it.add(owner, branch, type));
    return button;
  });
  return make("div", { class: "dxp-outline__add" }, ...buttons);
}

function card(step, place, count, it, number) {
  const title = `${it.words.step} ${number}: ${it.words[step.type]}`;
  const faults = it.faults.filter((fault) => fault.step === step.id);
  const item = make(
    "li",
    { class: `dxp-outline__card${faults.length ? " dxp-outline__card--fault" : ""}`, id: `step-${step.id}` },
    make(
      "div",
      { class: "dxp-outline__head" },
      make("h3", { id: `title-${step.id}`, tabindex: "-1" }, title),
      tally(step, it),
      tools(step, place, count, title, it),
    ),
    make("div", { class: "dxp-outline__fields" }, ...fields(step, it)),
  );
  for (const fault of faults.filter((one) => !one.field)) item.append(message(fault));
  if (step.type === "wait") item.append(...BRANCHES.map((name) => branchOf(step, name, it, number)));
  return item;
}

function branchOf(step, name, it, number) {
  const steps = step[name];
  const over = steps.length > 0 && ends(steps.at(-1));
  const label = `branch-${step.id}-${name}`;
  return make(
    "section",
    { class: "dxp-outline__case", "aria-labelledby": label },
    make("h4", { id: label }, it.words[name]),
    list(steps, step.id, name, it, `${number}${name === "happened" ? "a" : "b"}`),
    make("p", { class: "dxp-quiet" }, `… ${over ? it.words.stops : it.words.goesOn}`),
  );
}

function tally(step, it) {
  const found = it.counts[step.id];
  if (!found) return null;
  const link = (n, words, query) =>
    make("a", { href: `${found.url}${query}` }, `${n.toLocaleString()} ${words}`);
  const parts = [link(found.passed, it.words.passed, "&show=passed")];
  if (found.waiting) parts.unshift(link(found.waiting, it.words.waiting, ""), " · ");
  return make("span", { class: "dxp-outline__tally" }, ...parts);
}

function tools(step, place, count, title, it) {
  const tool = (act, sign, disabled) => {
    const button = make(
      "button",
      {
        type: "button",
        class: "dxp-outline__tool",
        id: `${act}-${step.id}`,
        "aria-label": `${it.words[act]}: ${title}`,
        title: it.words[act],
        disabled,
      },
      sign,
    );
    button.addEventListener("click", () => it[act](step.id));
    return button;
  };
  return make(
    "span",
    { class: "dxp-outline__tools" },
    tool("up", "↑", place === 0),
    tool("down", "↓", place === count - 1),
    tool("remove", "✕", false),
  );
}

function message(fault, id) {
  return make("p", { class: "dxp-outline__fault", id }, fault.text);
}

function field(step, name, label, control, it) {
  const id = `${name}-${step.id}`;
  const fault = it.faults.find((one) => one.step === step.id && one.field === name);
  control.id = id;
  if (fault) {
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", `${id}-fault`);
  }
  control.addEventListener("focus", () => it.began());
  control.addEventListener("input", () => it.wrote(step.id, name, read(control)));
  return make(
    "div",
    { class: `dxp-outline__field dxp-outline__field--${name}` },
    make("label", { for: id }, label),
    control,
    fault ? message(fault, `${id}-fault`) : null,
  );
}

function read(control) {
  if (control.type !== "number" && control.dataset.kind !== "number") return control.value;
  const number = Number.parseInt(control.value, 10);
  return Number.isNaN(number) ? null : number;
}

function fields(step, it) {
  const { words } = it;
  const text = (value, attributes) => make("input", { type: "text", value: value ?? "", ...attributes });
  const length = (label) => [
    field(step, "amount", label, make("input", { type: "number", min: 1, value: step.amount ?? "" }), it),
    field(step, "unit", words.unit, units(step, words), it),
  ];
  if (step.type === "delay") return length(words.amount);
  if (step.type === "send") return [field(step, "message", words.message, messages(step, it), it)];
  if (step.type === "end") {
    return [field(step, "outcome", words.outcome, text(step.outcome, { maxlength: 40 }), it)];
  }
  const event = text(step.event, { maxlength: 200, list: "outline-events", autocomplete: "off" });
  return [field(step, "event", words.event, event, it), ...length(words.longest)];
}

function units(step, words) {
  const options = UNITS.map((unit) =>
    make("option", { value: unit, selected: unit === step.unit }, words[unit]),
  );
  return make("select", {}, ...options);
}

function messages(step, it) {
  const { words } = it;
  const options = it.messages.map(({ id, name, published }) =>
    make(
      "option",
      { value: id, selected: id === step.message },
      published ? name : `${name} (${words.unpublished})`,
    ),
  );
  if (step.message && !it.messages.some(({ id }) => id === step.message)) {
    options.unshift(make("option", { value: step.message, selected: true }, words.missing));
  }
  const none = make("option", { value: "", selected: !step.message }, words.choose);
  return make("select", { "data-kind": "number" }, none, ...options);
}
