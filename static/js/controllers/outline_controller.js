// Draws a journey: where people enter, its steps, goals and exits; the form gets them as JSON.

import { Suggestions } from "../customers/rule_asks.js";
import { History } from "../customers/rule_history.js";
import { does } from "../journeys/outline_acts.js";
import { Checks, Counts } from "../journeys/outline_asks.js";
import { keep, kept, read } from "../journeys/outline_clip.js";
import { endings, entry, freshEntry } from "../journeys/outline_entry.js";
import { mark } from "../journeys/outline_marks.js";
import { RuleEditor, Vocabulary } from "../journeys/outline_rules.js";
import { all, armsOf, fresh, listOf, locate, locateArm, renamed, sumOf, tooDeep, ways, whole } from "../journeys/outline_tree.js";
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
      hear: (told) => this.hear(told), failed: () => this.unchecked(),
    });
    this.counts = new Counts({ address: addresses.counts, hear: (told) => this.counted(told) });
    this.editors = new Map();
    this.fresh = new Set(this.known.isNew ? ["entry"] : []);
    this.faults = this.known.faults;
    this.it = this.offer();
    this.history = new History(this.it.state);
    this.store(false);
    this.draw();
    this.reentry();
    this.vocabulary.load(addresses.vocabulary).then(() => this.draw(), () => {});
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
      ...known, state: this.stored(), vocabulary: this.vocabulary, kinds: new Map(), opened: new Set(), naming: new Set(), menu: null,
      ...does(this),
      changed: (name = null) => this.changed(name),
      become: (...asked) => this.become(...asked),
      mark: () => this.markSoon(),
      say: (words) => this.say(words),
      act: (name, id) => this.act(name, id),
      add: (spot, place, kind) => this.add(spot, place, kind),
      paste: (spot, place) => this.paste(kept(), spot, place),
      hasClip: () => Boolean(read(kept() ?? "")),
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

  stored() {
    const state = {};
    for (const name of PARTS) {
      try {
        state[name] = JSON.parse(this[`${name}InputTarget`].value);
      } catch {
        state[name] = null;
      }
    }
    return this.complete(state);
  }

  complete(state) {
    if (!state.entry?.type) state.entry = freshEntry("segment");
    for (const name of ["goals", "exits", "outline"]) if (!Array.isArray(state[name])) state[name] = [];
    whole(state.outline);
    return state;
  }

  draw(focus) {
    const id = focus || document.activeElement?.id;
    const { it } = this;
    it.numbers = new Map([...all(it.state.outline)].map(({ step, number }) => [step.id, number]));
    this.isKeyed = Boolean(it.state.entry.key);
    this.entryTarget.replaceChildren(entry(it));
    this.goalsTarget.replaceChildren(endings("goals", it));
    this.exitsTarget.replaceChildren(endings("exits", it));
    this.outlineTarget.replaceChildren(list(it.state.outline, {}, it));
    this.undoTarget.disabled = !this.history.past.length;
    this.redoTarget.disabled = !this.history.future.length;
    if (id) this.focus(id);
    this.markSoon();
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
    for (const name of PARTS) this[`${name}InputTarget`].value = JSON.stringify(this.it.state[name]);
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
    if (freshId) this.fresh.add(freshId);
    change();
    this.changed();
    this.draw(focus);
    if (said) this.say(said);
  }

  add({ owner, key }, place, kind) {
    const step = fresh(kind);
    for (const one of [step, ...armsOf(step)]) this.fresh.add(one.id);
    this.it.menu = null;
    this.become(() => listOf(this.it.state.outline, owner, key).splice(place, 0, step), `${FIRST[kind]}-${step.id}`, this.known.words.added);
  }

  act(name, id) {
    document.activeElement?.dispatchEvent(new Event("commit"));
    const done = this.it.acts[name](id);
    if (done === false) this.say(this.known.words.noPlace);
  }

  copy(id) {
    const text = keep([locate(this.it.state.outline, id).step]);
    navigator.clipboard?.writeText(text).catch(() => {});
    this.say(this.known.words.copied);
    return text;
  }

  // What is pasted may come from anywhere: the server reads it first.
  async paste(text, { owner, key }, place) {
    const { words } = this.known;
    const told = read(text ?? "");
    const steps = told ? await this.checks.tidied(told).catch(() => []) : [];
    if (!steps.length) return this.say(words.noPaste);
    const own = renamed(whole(steps));
    const draft = structuredClone(this.it.state.outline);
    listOf(draft, owner, key)?.splice(place, 0, ...own);
    if (tooDeep(draft)) return this.say(words.noPlace);
    this.it.menu = null;
    return this.become(() => listOf(this.it.state.outline, owner, key)?.splice(place, 0, ...own), `title-${own[0].id}`, words.pasted);
  }

  copied(event) {
    const near = this.nearStep(event);
    if (!near || !window.getSelection().isCollapsed) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", this.copy(near));
  }

  pasted(event) {
    const near = this.nearStep(event);
    const text = event.clipboardData.getData("text/plain");
    if (!near || !read(text)) return;
    event.preventDefault();
    const { owner, way, place } = locate(this.it.state.outline, near);
    this.paste(text, { owner, key: way }, place + 1);
  }

  nearStep({ target }) {
    if (target.closest?.("input, textarea, select")) return null;
    return document.activeElement?.closest("[data-step]")?.dataset.step ?? null;
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
    this.it.state = this.complete(state);
    this.store();
    this.draw();
    this.checks.soon();
    if (document.activeElement === document.body) document.getElementById("outline-heading").focus();
    this.say(this.known.words[said]);
  }

  // Two people have drawn: either draft can be looked at, and what is shown is what will be saved.
  theirs() {
    this.mine ??= this.shown();
    this.show(this.known.theirs, "theirsShown");
  }

  own() {
    if (this.mine) this.show(this.mine, "mineShown");
  }

  shown() {
    const written = ["name", "reentry", "again_after_days"].map((name) => [name, this.form.elements[name].value]);
    return structuredClone({ ...this.it.state, ...Object.fromEntries(written) });
  }

  show(draft, said) {
    for (const name of ["name", "reentry", "again_after_days"]) this.form.elements[name].value = draft[name] ?? "";
    this.become(() => {
      const { entry: their, goals, exits, outline } = structuredClone(draft);
      this.it.state = this.complete({ entry: their, goals, exits, outline });
    }, null, this.known.words[said]);
    this.reentry();
  }

  reentry() {
    this.againTarget.hidden = this.form.elements.reentry.value !== "AGAIN";
  }

  // Only who has left a new step is told what is missing in it.
  left({ target, relatedTarget }) {
    if (target.id === "key-entry" && this.isKeyed !== Boolean(this.it.state.entry.key)) {
      this.afterPress(() => this.draw());
    }
    const part = target.closest("[data-step], [data-ending], #entry-fields");
    if (!part || part.contains(relatedTarget) || !part.isConnected) return;
    const ids = [part, ...part.querySelectorAll("[data-step], [data-arm]")].map(({ dataset, id }) => dataset.step ?? dataset.arm ?? dataset.ending ?? id.replace("-fields", ""));
    const before = this.fresh.size;
    for (const id of ids) this.fresh.delete(id);
    if (this.fresh.size < before) this.markSoon();
  }

  hear({ faults, sentences }) {
    this.faults = faults;
    this.it.sentences = sentences ?? this.it.sentences;
    for (const [id, words] of Object.entries(this.it.sentences)) {
      const place = document.getElementById(`sentence-${id}`);
      if (place) place.textContent = words || this.known.words.noRule;
    }
    this.markSoon();
  }

  unchecked() {
    this.summaryTarget.textContent = this.known.words.unchecked;
  }

  markSoon() {
    if (this.isMarking) return;
    this.isMarking = true;
    this.afterPress(() => {
      this.isMarking = false;
      this.mark();
    });
  }

  // What moves under the pointer while it is pressed is not clicked; and the focus has come to where it goes.
  afterPress(act) {
    if (this.waiting) this.waiting.push(act);
    else setTimeout(act);
  }

  pressed() {
    this.waiting ??= [];
  }

  released() {
    for (const act of this.waiting ?? []) setTimeout(act);
    this.waiting = null;
  }

  mark() {
    for (const editor of this.editors.values()) editor.mark(null);
    const open = (id) => (this.it.opened.has(id) && document.getElementById(`arm-${id}`) ? this.editors.get(id) : null);
    this.shownFaults = mark(this.element, this.faults, { isFresh: (id) => this.fresh.has(id), ruleOf: open });
    const { words } = this.known;
    const n = this.shownFaults.length;
    const loose = this.shownFaults.filter(({ focus }) => !focus).map(({ fault }) => fault.text);
    const said = { 0: words.noFaults, 1: words.fault }[n] ?? words.faults.replace("%(n)s", n);
    const text = this.it.state.outline.length || n ? [said, ...loose].join(" ") : "";
    if (this.summaryTarget.textContent !== text) this.summaryTarget.textContent = text;
    this.summaryTarget.nextElementSibling.hidden = !this.shownFaults.some(({ focus }) => focus);
  }

  nextFault() {
    const places = this.shownFaults.map(({ focus }) => focus).filter(Boolean);
    this.latest = ((this.latest ?? -1) + 1) % places.length;
    document.getElementById(places[this.latest])?.focus();
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

  armOf(id) {
    return locateArm(this.it.state.outline, id);
  }

  say(words) {
    this.saidTarget.textContent = words;
  }
}

window.wagtail.app.register("dxp-outline", OutlineController);
