// Writes a segment's rule without showing JSON, and says how many people it picks.

import { fromRule, locate, toRule } from "../customers/rule_tree.js";
import { idOf, tree } from "../customers/rule_view.js";

class RuleBuilderController extends window.StimulusModule.Controller {
  static targets = ["input", "tree", "sentence", "size", "said"];

  static values = { sizeUrl: String, wait: { type: Number, default: 350 } };

  connect() {
    const known = JSON.parse(document.getElementById("rule-vocabulary").textContent);
    this.it = {
      ...known,
      changed: () => this.changed(),
      redraw: (focus) => this.redraw(focus),
      remove: (path) => this.remove(path),
    };
    this.root = fromRule(this.stored());
    this.draw();
    // A new rule is still empty: telling what is missing now would be a reproach.
    if (this.inputTarget.value) this.count();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  stored() {
    try {
      return JSON.parse(this.inputTarget.value);
    } catch {
      return null;
    }
  }

  draw() {
    this.treeTarget.replaceChildren(tree(this.root, this.it));
  }

  redraw(focus) {
    const id = focus || document.activeElement?.id;
    this.draw();
    if (id) document.getElementById(id)?.focus();
    this.changed();
  }

  remove(path) {
    const parent = path.slice(0, -1).reduce((node, step) => node.of[step], this.root);
    const place = path[path.length - 1];
    parent.of.splice(place, 1);
    const near = parent.of.length ? [...path.slice(0, -1), Math.max(0, place - 1)] : null;
    this.redraw(near ? `${idOf(near)}-remove` : `${idOf(path.slice(0, -1))}-add`);
    this.saidTarget.textContent = this.it.words.removed;
  }

  changed() {
    this.inputTarget.value = JSON.stringify(toRule(this.root));
    this.inputTarget.dispatchEvent(new Event("change", { bubbles: true }));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.count(), this.waitValue);
  }

  async count() {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.sizeTarget.textContent = this.it.words.counting;
    try {
      const first = await this.ask("sample", signal);
      this.show(first);
      if (first.exact === false) this.show(await this.ask("exact", signal));
    } catch (error) {
      if (error.name !== "AbortError") this.sizeTarget.textContent = this.it.words.offline;
    }
  }

  async ask(how, signal) {
    const token = this.element.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
    const body = new URLSearchParams({ rule: this.inputTarget.value || "{}", how });
    const answer = await fetch(this.sizeUrlValue, {
      method: "POST", body, signal, headers: { "X-CSRFToken": token },
    });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }

  show({ text = "", sentence = "", error = null }) {
    this.sizeTarget.textContent = text;
    this.sentenceTarget.textContent = sentence;
    for (const shown of this.treeTarget.querySelectorAll(".dxp-rule__error")) {
      shown.hidden = true;
      shown.parentElement.removeAttribute("aria-describedby");
    }
    if (!error) return;
    const id = idOf(locate(this.root, error.path || "root"));
    const place = document.getElementById(`${id}-error`);
    place.textContent = error.words;
    place.hidden = false;
    place.parentElement.setAttribute("aria-describedby", place.id);
  }
}

window.wagtail.app.register("dxp-rule-builder", RuleBuilderController);
