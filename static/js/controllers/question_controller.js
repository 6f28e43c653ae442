// The question builder: shows the controls that fit, writes filters and whose acts count.

import { Suggestions } from "../customers/rule_asks.js";
import { Filters } from "../analytics/filters.js";
import { RuleEditor, Vocabulary } from "../journeys/outline_rules.js";

const PROPERTY = "property:";

class QuestionController extends window.StimulusModule.Controller {
  static targets = ["control", "filters", "property", "rule", "said", "who"];

  static values = { fault: Object, suggest: String, vocabulary: String, writes: Boolean };

  connect() {
    this.suggestions = new Suggestions(this.suggestValue);
    this.follow();
    this.goToRow();
    if (this.writesValue) this.write();
  }

  // A row that a button moved has the focus again.
  goToRow() {
    const there = window.location.hash && document.getElementById(window.location.hash.slice(1));
    if (there && this.element.contains(there)) there.focus();
  }

  // Controls that depend on others come and go with them.
  follow() {
    const form = new FormData(this.element);
    for (const control of this.controlTargets) control.hidden = !this.fits(control, form);
    for (const name of this.propertyTargets) {
      const choice = name.parentElement.querySelector("select");
      if (choice) name.hidden = choice.value !== PROPERTY;
      name.required = !name.closest("[hidden]");
      if (name.required) this.learn(name);
    }
  }

  fits({ dataset }, form) {
    const told = (key) => form.getAll(key).at(-1) ?? "";
    const names = { 0: "false", 1: "true" };
    return Object.entries(JSON.parse(dataset.only)).every(
      ([key, values]) => values.includes(told(key)) || values.includes(names[told(key)]),
    );
  }

  // Which properties the chosen event has.
  async learn(name) {
    const event = this.element.querySelector(".dxp-steps select")?.value;
    if (!this.writesValue || !event || name.dataset.learned === event) return;
    name.dataset.learned = event;
    try {
      const found = await this.suggestions.ask({ what: "properties", event });
      name.list.replaceChildren(...found.map(({ value }) => new Option(value, value)));
    } catch {
      // A help; any name may be typed.
    }
  }

  async write() {
    this.vocabulary = new Vocabulary(this.suggestions);
    await this.vocabulary.load(this.vocabularyValue).catch(() => {});
    if (!this.vocabulary.told) return;
    const it = {
      vocabulary: this.vocabulary,
      suggested: (n) => this.say(this.vocabulary.told.words.suggested.replace("%(n)s", n)),
      say: (words) => this.say(words),
      changed: () => this.keep(),
    };
    for (const place of this.filtersTargets) new Filters(place, it).draw();
    this.arm = { id: "who", rule: this.whoTarget.value ? JSON.parse(this.whoTarget.value) : null };
    const editor = new RuleEditor(this.arm, it);
    this.ruleTarget.replaceChildren(editor.element);
    if (this.hasFaultValue) editor.mark(this.faultValue);
  }

  keep() {
    const { rule } = this.arm;
    this.whoTarget.value = rule?.root?.of?.length === 0 ? "" : JSON.stringify(rule);
  }

  // What was typed but not confirmed yet is meant too.
  commit() {
    document.activeElement?.dispatchEvent(new Event("commit"));
  }

  // The address holds only what is in view.
  trim({ formData }) {
    if (!formData.get("who")) formData.delete("who");
    const shown = new Set();
    const hidden = new Set();
    for (const field of this.element.querySelectorAll("[name]")) {
      (field.closest("[hidden]") ? hidden : shown).add(field.name);
    }
    for (const name of hidden) if (!shown.has(name)) formData.delete(name);
  }

  say(words) {
    this.saidTarget.textContent = words;
  }
}

window.wagtail.app.register("dxp-question", QuestionController);
