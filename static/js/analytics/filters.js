// What an event's properties must say, beside the list in which the event is chosen.

import { wheres } from "../customers/rule_matchers.js";

const ANY = "*";

export class Filters {
  constructor(place, it) {
    const row = place.parentElement;
    this.place = place;
    this.it = it;
    this.choice = row.querySelector("select");
    this.input = row.querySelector("input[type=hidden]");
    row.querySelector(".dxp-ask__words")?.remove();
    this.owner = { event: this.event(), where: this.input.value ? JSON.parse(this.input.value) : [] };
    this.choice.addEventListener("change", () => {
      this.owner.event = this.event();
      this.draw();
    });
  }

  event() {
    return this.choice.value === ANY ? "" : this.choice.value;
  }

  draw(focus) {
    // Of nothing that is chosen, nothing can be asked.
    this.place.replaceChildren(...(this.choice.value ? [wheres(this.spot(), "its.event")] : []));
    if (focus) document.getElementById(focus)?.focus();
  }

  spot() {
    const parts = this.it.vocabulary.parts(() => {
      if (!this.place.contains(document.activeElement)) this.draw();
    });
    return {
      id: `where-${this.choice.id}`,
      leaf: { its: this.owner },
      path: "its.where",
      label: parts.words.where,
      it: { ...parts, suggested: (n) => this.it.suggested(n) },
      get: () => this.owner.where,
      put: (next) => {
        this.owner.where = next;
        this.store();
      },
      changed: () => this.store(),
      redraw: (focus) => this.draw(focus ?? document.activeElement?.id),
    };
  }

  store() {
    this.input.value = this.owner.where.length ? JSON.stringify(this.owner.where) : "";
  }
}
