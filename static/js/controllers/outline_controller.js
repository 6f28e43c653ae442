// Draws a journey: where people enter, its steps, goals and exits; the form gets them as JSON.

import { Suggestions } from "../customers/rule_asks.js";
import { History } from "../customers/rule_history.js";
import { does } from "../journeys/outline_acts.js";
import { Checks, Counts } from "../journeys/outline_asks.js";
import { Clip } from "../journeys/outline_clip.js";
import { complete, Drafts, stored } from "../journeys/outline_drafts.js";
import { endings, entry } from "../journeys/outline_entry.js";
import { Marks } from "../journeys/outline_marks.js";
import { RuleEditor, Vocabulary } from "../journeys/outline_rules.js";
import { all, armsOf, fresh, listOf, places, sumOf, ways } from "../journeys/outline_tree.js";
import { list, tally, TOOLS } from "../journeys/outline_view.js";
import { wayTitle } from "../journeys/outline_ways.js";

const PARTS = ["entry", "goals", "exits", "outline"];
const FIRST = {
  delay: "amount", wait: "amount", branch: "title", split: "title", send: "message", update: "trait", jump: "to", end: "outcome",
};

class OutlineController extends window.StimulusModule.Controller {
  static targets = [...PARTS.map((name) => `${name}Input`), ...PARTS, "undo", "redo", "said", "summary", "saved", "again"];

  connect() {
    this.known = JSON.parse(document.getElementById("outline-known").textContent);
    this.form = this.element.closest("form");
    const { addresses } = this.known;
    const token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
    this.suggestions = new Suggestions(addresses.suggest);
    this.vocabulary = new Vocabulary(this.suggestions);
    this.checks = new Checks({
      address: addresses.check, token, draft: () => JSON.stringify(this.it.state),
      hear: (told) => this.hear(told), failed: () => this.marks.say(this.known.words.unchecked),
    });
    this.counts = new Counts({ address: addresses.counts, hear: (told) => this.counted(told) });
    this.editors = new Map();
    this.clip = new Clip(this, this.checks);
    this.drafts = new Drafts(this, this.form);
    this.marks = new Marks({
      root: this.element, summary: this.summaryTarget, words: this.known.words, faults: this.known.faults,
      fresh: this.known.isNew ? ["entry"] : [],
      ruleOf: (id) => (this.it.opened.has(id) && document.getElementById(`arm-${id}`) ? this.editors.get(id) : null),
    });
    this.it = this.offer();
    this.history = new History(this.it.state);
    this.store(false);
    this.draw();
    this.reentry();
    this.vocabulary.load(addresses.vocabulary).then(() => this.marks.afterPress(() => this.draw()), () => {});
    this.counts.start();
  }

  disconnect() {
    this.checks.stop();
    this.counts.stop();
  }

  // What the parts of the screen know and may do.
  offer() {
    const { known } = this;
    return {
      ...known, state: stored(this.inputs()), vocabulary: this.vocabulary, kinds: new Map(), opened: new Set(), naming: new Set(), menu: null,
      ...does(this),
      changed: (name = null) => this.changed(name),
      become: (...asked) => this.become(...asked),
      mark: () => this.marks.soon(),
      say: (words) => this.say(words),
      act: (name, id) => this.act(name, id),
      add: (spot, place, kind) => this.add(spot, place, kind),
      paste: (spot, place) => this.clip.paste(this.clip.kept(), spot, place),
      hasClip: () => !this.clip.isEmpty(),
      ruleEditor: (arm) => this.ruleEditor(arm),
      retitle: () => this.retitle(),
      count: () => this.count(),
      redraw: (focus) => this.draw(focus),
      suggest: (query, signal) => this.suggestions.ask(query, signal).catch((error) => {
        if (error.name === "AbortError") throw error;
        return [];
      }),
    };
  }

  inputs() {
    return Object.fromEntries(PARTS.map((name) => [name, this[`${name}InputTarget`]]));
  }

  draw(focus) {
    const id = focus || document.activeElement?.id;
    const { it } = this;
    const steps = [...all(it.state.outline)];
    it.numbers = new Map(steps.map(({ step, number }) => [step.id, number]));
    it.jumps = steps.filter(({ step }) => step.type === "jump");
    it.places = places(it.state.outline);
    this.isKeyed = Boolean(it.state.entry.key);
    this.entryTarget.replaceChildren(entry(it));
    this.goalsTarget.replaceChildren(endings("goals", it));
    this.exitsTarget.replaceChildren(endings("exits", it));
    this.outlineTarget.replaceChildren(list(it.state.outline, {}, it));
    this.undoTarget.disabled = !this.history.past.length;
    this.redoTarget.disabled = !this.history.future.length;
    if (id) this.focus(id);
    this.markAgain();
    this.count();
  }

  focus(id) {
    const there = document.getElementById(id);
    for (const one of there?.closest("[role=toolbar]")?.children ?? []) one.setAttribute("tabindex", one === there ? "0" : "-1");
    if (there && there !== document.activeElement) there.focus();
  }

  ruleEditor(arm) {
    const known = this.editors.get(arm.id);
    if (known) known.take(arm);
    else this.editors.set(arm.id, new RuleEditor(arm, this.it));
    return this.editors.get(arm.id);
  }

  store(tells = true) {
    for (const [name, input] of Object.entries(this.inputs())) input.value = JSON.stringify(this.it.state[name]);
    if (tells) this.outlineInputTarget.dispatchEvent(new Event("change", { bubbles: true }));
  }

  changed(name = null) {
    this.history.did(this.it.state, name);
    this.undoTarget.disabled = false;
    this.redoTarget.disabled = true;
    this.store();
    this.checks.soon();
  }

  become(change, focus, said, freshId) {
    if (freshId) this.marks.fresh.add(freshId);
    change();
    this.changed();
    this.draw(focus);
    if (said) this.say(said);
  }

  add({ owner, key }, place, kind) {
    const step = fresh(kind);
    for (const one of [step, ...armsOf(step)]) this.marks.fresh.add(one.id);
    this.it.menu = null;
    this.become(() => listOf(this.it.state.outline, owner, key).splice(place, 0, step), `${FIRST[kind]}-${step.id}`, this.known.words.added);
  }

  act(name, id) {
    document.activeElement?.dispatchEvent(new Event("commit"));
    const done = this.it.acts[name](id);
    if (done === false) this.say(this.known.words.noPlace);
  }

  key(event) {
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && (event.code === "KeyZ" || event.code === "KeyY")) {
      event.preventDefault();
      return event.shiftKey || event.code === "KeyY" ? this.redo() : this.undo();
    }
    const near = event.target.closest("[data-step]");
    const asked = event.altKey && event.shiftKey && near ? TOOLS.find((one) => one.code === event.code)?.do : null;
    if (!asked) return undefined;
    event.preventDefault();
    return this.act(asked, near.dataset.step);
  }

  undo() {
    this.travel(this.history.undo(), "undone");
  }

  redo() {
    this.travel(this.history.redo(), "redone");
  }

  travel(state, said) {
    if (!state) return;
    this.it.state = complete(state);
    this.store();
    this.draw();
    this.checks.soon();
    if (document.activeElement === document.body) document.getElementById("outline-heading").focus();
    this.say(this.known.words[said]);
  }

  // What the page tells goes to who knows about it.
  copied(event) { this.clip.copied(event); }

  pasted(event) { this.clip.pasted(event); }

  pressed() { this.marks.pressed(); }

  released() { this.marks.released(); }

  nextFault() { this.marks.next(); }

  theirs() { this.drafts.theirs(); }

  own() { this.drafts.own(); }

  reentry() {
    this.againTarget.hidden = this.form.elements.reentry.value !== "AGAIN";
  }

  hear({ faults, sentences }) {
    this.marks.faults = faults;
    this.it.sentences = sentences ?? this.it.sentences;
    for (const [id, words] of Object.entries(this.it.sentences)) {
      const place = document.getElementById(`sentence-${id}`);
      if (place) place.textContent = words || this.known.words.noRule;
    }
    this.markAgain();
  }

  markAgain() {
    for (const editor of this.editors.values()) editor.mark(null);
    this.marks.soon();
  }

  left(event) {
    if (event.target.id === "key-entry" && this.isKeyed !== Boolean(this.it.state.entry.key)) {
      this.marks.afterPress(() => this.draw());
    }
    this.marks.left(event);
  }

  counted({ counts, revision }) {
    this.it.counts = counts;
    for (const place of this.element.querySelectorAll(".dxp-outline__tally")) {
      const parts = tally(counts[place.id.replace("tally-", "")], this.it);
      const text = parts.map((part) => part.textContent ?? part).join("");
      if (text !== place.textContent) place.replaceChildren(...parts);
    }
    const mine = Number(this.form.elements.revision.value);
    if (this.hasSavedTarget && revision !== mine) this.savedTarget.hidden = false;
  }

  async count() {
    const place = document.getElementById("entry-size");
    const { segment } = this.it.state.entry;
    if (!place || !segment) return place?.replaceChildren();
    if (this.size?.segment === segment) return place.replaceChildren(this.size.text);
    try {
      const answer = await fetch(`${this.known.addresses.size}?segment=${segment}`);
      const told = answer.ok ? await answer.json() : null;
      const text = told ? this.known.words.inside.replace("%(n)s", told.members.toLocaleString()) : "";
      this.size = { segment, text };
      document.getElementById("entry-size")?.replaceChildren(text);
    } catch {
      // The number is only a help.
    }
    return undefined;
  }

  retitle() {
    for (const { step, number } of all(this.it.state.outline)) {
      document.getElementById(`title-${step.id}`).lastChild.textContent = ` ${this.it.titleOf(step, number)}`;
      for (const [place, { key, arm }] of ways(step).entries()) {
        document.getElementById(`way-${step.id}-${key}`).textContent = `${number}${"abcdefghijk"[place]} ${wayTitle(step, key, arm, this.it)}`;
      }
    }
  }

  resum(step) {
    document.getElementById(`sum-${step.id}`)?.replaceChildren(this.known.words.sum.replace("%(n)s", sumOf(armsOf(step))));
  }

  say(words) {
    this.saidTarget.textContent = words;
  }
}

window.wagtail.app.register("dxp-outline", OutlineController);
