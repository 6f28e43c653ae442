// Shows what the server answers about a rule: its sentence, its size, some people, and its fault.

import { locate } from "./rule_tree.js";
import { make } from "./rule_parts.js";

export class Answers {
  constructor(targets, words) {
    Object.assign(this, { ...targets, words });
  }

  hear({ state, text = "", range = "", sentence, people }) {
    const { words } = this;
    const busy = ["estimating", "counting"].includes(state);
    this.box.setAttribute("aria-busy", String(busy));
    this.box.classList.toggle("dxp-rule__answer--busy", busy);
    if (state === "people") return this.show(people);
    if (state === "offline") this.note.textContent = words.offline;
    else this.note.textContent = { estimating: words.estimating, counting: words.counting }[state] ?? "";
    if (state === "estimating" || state === "offline") return undefined;
    this.size.textContent = text;
    this.range.textContent = range;
    if (sentence !== undefined) this.sentence.textContent = sentence;
    return undefined;
  }

  unfinished(isEmpty) {
    this.size.textContent = "";
    this.range.textContent = "";
    this.sentence.textContent = isEmpty ? "" : this.words.unfinished;
    this.note.textContent = isEmpty ? this.words.empty : "";
    this.box.removeAttribute("aria-busy");
    this.box.classList.remove("dxp-rule__answer--busy");
    this.show(null);
  }

  show(people) {
    this.people.hidden = !people?.length;
    const list = this.people.querySelector("ul");
    list.replaceChildren(...(people ?? []).map(({ name, url }) => (
      make("li", {}, make("a", { href: url, target: "_blank", rel: "noopener" }, name))
    )));
  }
}

// Marks the condition, and the field in it, that the server could not read.
export function markFault(root, tree, fault, { isFresh, focus = false }) {
  for (const shown of tree.querySelectorAll(".dxp-rule__error")) shown.hidden = true;
  for (const marked of tree.querySelectorAll("[aria-invalid]")) {
    marked.removeAttribute("aria-invalid");
    marked.removeAttribute("aria-describedby");
  }
  if (!fault) return;
  const { key, field } = locate(root, fault.path || "root");
  if (isFresh(key)) return;
  const place = document.getElementById(`rule-${key}-error`);
  place.querySelector("span").textContent = fault.words;
  place.hidden = false;
  const control = controlOf(key, field);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", place.id);
  if (focus) control.focus();
}

function controlOf(key, field) {
  const steps = field ? field.split(".") : [];
  for (; steps.length; steps.pop()) {
    const found = document.getElementById([`rule-${key}`, ...steps].join("-"));
    if (found?.matches("input, select, textarea")) return found;
  }
  return document.getElementById(`rule-${key}-kind`) ?? document.getElementById(`rule-${key}-add`);
}
