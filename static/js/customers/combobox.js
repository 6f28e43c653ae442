// A text field that suggests while somebody types: the editable combobox of the ARIA patterns.
// What is suggested is a help; anything may be typed.

import { make } from "./rule_parts.js";

const WAIT = 150;

export class Combobox {
  // `ask(text, signal)` answers [{value, label, note}]; `chose(value, option)` hears what is there.
  // `settled()` hears that nobody types any more; the focus is still here when the Tab key is pressed.
  constructor({ id, label, value, ask, chose, say, inputmode = null, clears = false, settled = null }) {
    Object.assign(this, { ask, chose, say, clears, settled });
    this.options = [];
    this.active = -1;
    this.list = make("ul", { id: `${id}-list`, role: "listbox", class: "dxp-combo__list", "aria-label": label, hidden: true });
    this.input = make("input", {
      id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", inputmode,
      "aria-label": label, "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": `${id}-list`, placeholder: label, class: "dxp-rule__text",
    });
    this.input.value = value ?? "";
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("click", () => this.look());
    this.element = make("span", { class: "dxp-combo" }, this.input, this.list);
  }

  typed() {
    if (!this.clears) this.chose(this.input.value, null);
    this.look();
  }

  look(wait = WAIT) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), wait);
  }

  async fetch() {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      const found = await this.ask(this.input.value.trim(), signal);
      if (!signal.aborted && document.activeElement === this.input) this.show(found);
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  show(options) {
    this.options = options;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...options.map((option, place) => this.item(option, place)));
    this.list.hidden = !options.length;
    this.input.setAttribute("aria-expanded", String(options.length > 0));
    if (!options.length) return;
    this.list.scrollIntoView({ block: "nearest" });
    this.say(options.length);
  }

  item({ label, value, note }, place) {
    const item = make(
      "li", { id: `${this.list.id}-${place}`, role: "option", class: "dxp-combo__option", "aria-selected": "false" },
      make("span", {}, label ?? value), " ", note ? make("span", { class: "dxp-combo__note" }, note) : null,
    );
    // A press, before the field loses the focus.
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.take(place);
    });
    return item;
  }

  key(event) {
    const open = !this.list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !event.shiftKey) {
      event.preventDefault();
      if (open) this.go(step);
      else this.look(0);
    } else if (event.key === "Enter") {
      // Enter would send the form.
      event.preventDefault();
      if (open && this.active >= 0) this.take(this.active);
      else this.done();
      this.settled?.();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "Tab") {
      if (open && this.active >= 0) this.take(this.active);
      else if (this.clears && this.input.value.trim()) this.done();
      this.settled?.();
    }
  }

  go(step) {
    const items = [...this.list.children];
    items[this.active]?.setAttribute("aria-selected", "false");
    this.active = (this.active + step + items.length + (this.active < 0 && step < 0 ? 1 : 0)) % items.length;
    const now = items[this.active];
    now.setAttribute("aria-selected", "true");
    now.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", now.id);
  }

  take(place) {
    const option = this.options[place];
    this.input.value = this.clears ? "" : option.value;
    this.close();
    this.chose(option.value, option);
  }

  done() {
    const text = this.input.value.trim();
    this.close();
    if (!this.clears || !text) return;
    this.input.value = "";
    this.chose(text, null);
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
