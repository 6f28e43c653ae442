// Conditions inside the outline, written by the rule builder's own parts; and what events must say.

import { act, can } from "../customers/rule_acts.js";
import { markFault } from "../customers/rule_answers.js";
import { wheres } from "../customers/rule_matchers.js";
import { exchange, make } from "../customers/rule_parts.js";
import { find, fromRule, toRule } from "../customers/rule_tree.js";
import { condition, idOf, TOOLS, tree } from "../customers/rule_view.js";
import { eventField, propertyField } from "./outline_parts.js";

// What the rule builder knows, as its parts want it; `learn` asks for the properties of an event.
export class Vocabulary {
  constructor(suggestions) {
    this.suggestions = suggestions;
    this.properties = {};
    this.told = null;
  }

  async load(address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    this.told = await answer.json();
    this.told.forms = Object.fromEntries(this.told.forms.map((form) => [form.name, form]));
  }

  parts(redrawn) {
    return {
      ...this.told,
      suggest: (query, signal) => this.suggestions.ask(query, signal),
      typeOfTrait: (name) => this.told.traits[name] ?? "any",
      typeOfProperty: (event, name) => this.properties[event]?.[name] ?? "any",
      learn: (event) => this.learn(event, redrawn),
    };
  }

  async learn(event, redrawn) {
    if (!event || this.properties[event]) return;
    this.properties[event] = {};
    try {
      const found = await this.suggestions.ask({ what: "properties", event });
      this.properties[event] = Object.fromEntries(found.map(({ value, kind }) => [value, kind]));
      if (found.length) redrawn();
    } catch {
      // Types are a help; without them every comparison is offered.
    }
  }
}

// The condition of one arm. It stays when the outline is drawn anew, as long as the rule is the same.
export class RuleEditor {
  constructor(arm, it) {
    this.it = it;
    this.fresh = new Set();
    this.element = make("div", { class: "dxp-outline__rule dxp-rule__desk" });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("focusout", (event) => this.left(event));
    this.take(arm);
  }

  take(arm) {
    this.arm = arm;
    const stored = JSON.stringify(arm.rule);
    if (stored === this.stored) return;
    this.stored = stored;
    this.root = fromRule(arm.rule);
    this.draw();
  }

  parts() {
    return {
      ...this.it.vocabulary.parts(() => !this.element.contains(document.activeElement) && this.draw()),
      act: (...asked) => this.act(...asked),
      can: (name, key) => can(this.root, name, key),
      isFresh: (key) => this.fresh.has(key),
      changed: (mark) => this.changed(mark),
      redraw: (node, focus) => this.redraw(node, focus),
      suggested: (n) => this.it.suggested(n),
    };
  }

  draw(focus) {
    const id = focus || (this.element.contains(document.activeElement) && document.activeElement.id);
    const fresh = tree(this.root, this.parts());
    const old = this.element.firstElementChild;
    if (old) exchange(old, fresh, ({ id: its }) => /-(kind|all)$/.test(its));
    else this.element.append(fresh);
    this.focus(id);
    this.mark(this.fault);
  }

  redraw(node, focus) {
    const old = document.getElementById(idOf(node));
    const id = focus || document.activeElement?.id;
    if (!old) return;
    exchange(old, condition(node, old.dataset.path.split(".").map(Number), this.parts()));
    this.focus(id);
    this.mark(this.fault);
  }

  focus(id) {
    const there = id && document.getElementById(id);
    if (!there) return;
    for (const one of there.parentElement.closest("[role=toolbar]")?.children ?? []) {
      one.setAttribute("tabindex", one === there ? "0" : "-1");
    }
    if (there !== document.activeElement) there.focus();
  }

  act(name, key, value) {
    document.activeElement?.dispatchEvent(new Event("commit"));
    const { words, forms } = this.it.vocabulary.told;
    const { root, focus, said, fresh, refused } = act(this.root, name, key, value, forms);
    if (refused) {
      this.it.say(words[refused]);
      return this.draw();
    }
    if (fresh) this.fresh.add(fresh);
    this.root = root;
    this.changed();
    this.draw(focus);
    if (said) this.it.say(words[said]);
    return undefined;
  }

  changed(mark = null) {
    this.arm.rule = toRule(this.root, this.it.vocabulary.told.forms);
    this.stored = JSON.stringify(this.arm.rule);
    this.it.changed(mark && `${this.arm.id} ${mark}`);
  }

  mark(fault) {
    this.fault = fault ?? null;
    if (this.element.firstElementChild) {
      markFault(this.root, this.element, this.fault, { isFresh: (key) => this.fresh.has(key) });
    }
  }

  // Only who has left a new condition is told what is missing in it.
  left({ target, relatedTarget }) {
    const leaf = target.closest(".dxp-rule__leaf");
    if (!leaf || leaf.contains(relatedTarget) || !leaf.isConnected) return;
    if (this.fresh.delete(leaf.dataset.key)) this.mark(this.fault);
  }

  key(event) {
    const near = event.target.closest("[data-key]");
    if (!event.altKey || !event.shiftKey || !near) return;
    const node = find(this.root, near.dataset.key)?.node;
    const asked = event.code === "KeyN" ? "not" : TOOLS.find((one) => one.code === event.code)?.do;
    if (!asked || !node || node === this.root) return;
    event.preventDefault();
    event.stopPropagation();
    this.act(asked, node.key);
  }
}

// An event with what its properties must say: of an arm, the entry, a goal or an exit.
export function matcher(it, owner, id, { same = false } = {}) {
  owner.where ??= [];
  const place = make("div", { class: "dxp-outline__matcher dxp-rule__desk" });
  const draw = (focus) => {
    place.replaceChildren(...[
      eventField(it, owner, id, { chose: () => draw(`event-${id}`) }),
      filters(it, owner, id, draw),
      same ? propertyField(it, owner, id, "same", it.words.same, it.words.sameHelp) : null,
    ].filter(Boolean));
    if (focus) document.getElementById(focus)?.focus();
    it.mark();
  };
  draw();
  return place;
}

function filters(it, owner, id, draw) {
  if (!it.vocabulary.told) {
    return owner.where.length ? make("p", { class: "dxp-quiet" }, it.words.cannotWrite) : null;
  }
  const leaf = { its: owner };
  return wheres({
    id: `where-${id}`, leaf, path: "its.where", label: it.words.where,
    it: {
      ...it.vocabulary.parts(() => !document.getElementById(`where-${id}-add`)?.parentElement.contains(document.activeElement) && draw()),
      suggested: (n) => it.suggested(n),
    },
    get: () => owner.where,
    put: (next) => {
      owner.where = next;
      it.changed();
    },
    changed: (mark = null) => it.changed(mark),
    redraw: (focus) => draw(focus ?? document.activeElement?.id),
  }, "its.event");
}
