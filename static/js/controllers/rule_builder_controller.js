// Writes a segment's rule without showing JSON, and says how many people it picks.

import { act, can } from "../customers/rule_acts.js";
import { Answers, markFault } from "../customers/rule_answers.js";
import { Sizes, Suggestions } from "../customers/rule_asks.js";
import { History } from "../customers/rule_history.js";
import { exchange } from "../customers/rule_parts.js";
import { find, fromRule, toRule } from "../customers/rule_tree.js";
import { condition, idOf, TOOLS, tree } from "../customers/rule_view.js";

class RuleBuilderController extends window.StimulusModule.Controller {
  static targets = [
    "input", "tree", "box", "sentence", "size", "range", "note", "people", "said", "undo", "redo", "starts",
  ];

  static values = { sizeUrl: String, suggestUrl: String, fault: Object, wait: { type: Number, default: 300 } };

  connect() {
    this.known = JSON.parse(document.getElementById("rule-vocabulary").textContent);
    this.known.forms = Object.fromEntries(this.known.forms.map((form) => [form.name, form]));
    this.fresh = new Set();
    this.suggestions = new Suggestions(this.suggestUrlValue);
    this.properties = {};
    this.it = this.offer();
    const { boxTarget: box, sizeTarget: size, rangeTarget: range, noteTarget: note } = this;
    this.answers = new Answers(
      { box, size, range, note, sentence: this.sentenceTarget, people: this.peopleTarget }, this.known.words,
    );
    this.sizes = new Sizes({
      address: this.sizeUrlValue, wait: this.waitValue, rule: () => JSON.stringify(this.rule()),
      token: this.element.closest("form").querySelector("[name=csrfmiddlewaretoken]").value,
      hear: (answer) => this.hear(answer),
    });
    this.root = fromRule(this.stored());
    this.history = new History(this.root);
    this.draw();
    this.count();
    this.fault = this.hasFaultValue && this.faultValue.path ? this.faultValue : null;
    if (this.fault) this.mark(true);
  }

  disconnect() {
    this.sizes.stop();
  }

  // What the parts of the screen know and may do.
  offer() {
    const { known } = this;
    return {
      ...known,
      act: (...asked) => this.act(...asked),
      can: (name, key) => can(this.root, name, key),
      isFresh: (key) => this.fresh.has(key),
      changed: (mark) => this.changed(mark),
      redraw: (node, focus) => this.redraw(node, focus),
      suggest: (query, signal) => this.suggestions.ask(query, signal),
      suggested: (n) => this.say(known.words.suggested.replace("%(n)s", n)),
      typeOfTrait: (name) => known.traits[name] ?? "any",
      typeOfProperty: (event, name) => this.properties[event]?.[name] ?? "any",
      learn: (event) => this.learn(event),
    };
  }

  stored() {
    try {
      return JSON.parse(this.inputTarget.value);
    } catch {
      return null;
    }
  }

  rule() {
    return toRule(this.root, this.known.forms);
  }

  draw(focus) {
    const id = focus || document.activeElement?.id;
    const fresh = tree(this.root, this.it);
    const old = this.treeTarget.firstElementChild;
    // These two lists know the node by its key; others hold what may not be part of the rule now.
    if (old) exchange(old, fresh, ({ id: its }) => /-(kind|all)$/.test(its));
    else this.treeTarget.append(fresh);
    this.startsTarget.hidden = this.root.of.length > 0;
    this.undoTarget.disabled = !this.history.past.length;
    this.redoTarget.disabled = !this.history.future.length;
    this.focus(id);
    this.mark();
  }

  // One condition alone, so that the others keep what is open in them.
  redraw(node, focus) {
    const old = document.getElementById(idOf(node));
    const id = focus || document.activeElement?.id;
    if (!old) return;
    exchange(old, condition(node, old.dataset.path.split(".").map(Number), this.it));
    this.focus(id);
    this.mark();
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
    this.commit();
    const { root, focus, said, fresh, refused } = act(this.root, name, key, value, this.known.forms);
    if (refused) {
      this.say(this.known.words[refused]);
      return this.draw();
    }
    if (fresh) this.fresh.add(fresh);
    this.root = root;
    this.changed();
    this.draw(focus);
    if (said) this.say(this.known.words[said]);
    return undefined;
  }

  changed(mark = null) {
    this.history.did(this.root, mark);
    this.undoTarget.disabled = false;
    this.redoTarget.disabled = true;
    this.store();
  }

  store() {
    this.inputTarget.value = this.root.of.length ? JSON.stringify(this.rule()) : "";
    this.inputTarget.dispatchEvent(new Event("change", { bubbles: true }));
    this.count();
  }

  count() {
    if (this.root.of.length) return this.sizes.soon();
    this.sizes.stop();
    this.fault = null;
    return this.answers.unfinished(true);
  }

  hear(answer) {
    if (answer.state === "estimated") {
      this.fault = answer.error ?? null;
      this.mark();
    }
    if (answer.error) this.answers.unfinished(false);
    else this.answers.hear(answer);
  }

  mark(focus = false) {
    markFault(this.root, this.treeTarget, this.fault, { isFresh: (key) => this.fresh.has(key), focus });
  }

  // Only who has left a new condition is told what is missing in it.
  left({ target, relatedTarget }) {
    const leaf = target.closest(".dxp-rule__leaf");
    if (!leaf || leaf.contains(relatedTarget) || !leaf.isConnected) return;
    if (this.fresh.delete(leaf.dataset.key)) this.mark();
  }

  start({ params }) {
    this.root = fromRule(this.known.starts[params.place].rule);
    this.changed();
    this.draw(`rule-${this.root.of[0].key}-kind`);
  }

  undo() {
    this.travel(this.history.undo(), "undone", this.undoTarget);
  }

  redo() {
    this.travel(this.history.redo(), "redone", this.redoTarget);
  }

  travel(state, said, button) {
    if (!state) return;
    this.root = state;
    this.store();
    this.draw();
    if (button.disabled && document.activeElement === document.body) this.focus(`rule-${this.root.key}-all`);
    this.say(this.known.words[said]);
  }

  key(event) {
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && event.code === "KeyZ") {
      event.preventDefault();
      return event.shiftKey ? this.redo() : this.undo();
    }
    const near = event.target.closest("[data-key]");
    if (!event.altKey || !event.shiftKey || !near) return undefined;
    const node = find(this.root, near.dataset.key)?.node;
    const asked = event.code === "KeyN" ? "not" : TOOLS.find((one) => one.code === event.code)?.do;
    if (!asked || node === this.root || (event.code === "Backspace")) return undefined;
    event.preventDefault();
    return this.act(asked, node.key);
  }

  // What was typed but not confirmed yet is meant too.
  commit() {
    document.activeElement?.dispatchEvent(new Event("commit"));
  }

  say(words) {
    this.saidTarget.textContent = words;
  }

  async learn(event) {
    if (!event || this.properties[event]) return;
    this.properties[event] = {};
    try {
      const found = await this.suggestions.ask({ what: "properties", event });
      this.properties[event] = Object.fromEntries(found.map(({ value, kind }) => [value, kind]));
      if (found.length && !this.treeTarget.contains(document.activeElement)) this.draw();
    } catch {
      // Types are a help; without them every comparison is offered.
    }
  }
}

window.wagtail.app.register("dxp-rule-builder", RuleBuilderController);
