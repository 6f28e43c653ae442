// Draws a journey as an outline of steps; the form gets it as one hidden value.

import { branchOf, fresh, locate } from "../journeys/outline_tree.js";
import { list } from "../journeys/outline_view.js";

const MOST_UNDO = 100;

class OutlineController extends window.StimulusModule.Controller {
  static targets = ["input", "steps", "undo", "said", "events", "members", "count"];

  connect() {
    const known = JSON.parse(document.getElementById("outline-known").textContent);
    this.known = known;
    this.it = {
      ...known,
      add: (owner, branch, type) => this.add(owner, branch, type),
      up: (id) => this.move(id, -1),
      down: (id) => this.move(id, 1),
      remove: (id) => this.remove(id),
      began: () => this.began(),
      wrote: (id, name, value) => this.wrote(id, name, value),
    };
    this.past = [];
    this.steps = this.stored();
    this.eventsTarget.replaceChildren(
      ...known.events.map((name) => Object.assign(document.createElement("option"), { value: name })),
    );
    this.draw();
  }

  stored() {
    try {
      const steps = JSON.parse(this.inputTarget.value);
      return Array.isArray(steps) ? steps : [];
    } catch {
      return [];
    }
  }

  draw(focus) {
    this.stepsTarget.replaceChildren(list(this.steps, "", "", this.it));
    this.undoTarget.disabled = this.past.length === 0;
    if (focus) document.getElementById(focus)?.focus();
  }

  store() {
    this.inputTarget.value = JSON.stringify(this.steps);
    this.inputTarget.dispatchEvent(new Event("change", { bubbles: true }));
  }

  remember() {
    this.past.push(JSON.stringify(this.steps));
    if (this.past.length > MOST_UNDO) this.past.shift();
    this.written = false;
  }

  changed(focus, words) {
    this.store();
    this.draw(focus);
    this.saidTarget.textContent = words;
  }

  add(owner, branch, type) {
    this.remember();
    const step = fresh(type);
    branchOf(this.steps, owner, branch)?.push(step);
    const first = { delay: "amount", wait: "event", send: "message", end: "outcome" }[type];
    this.changed(`${first}-${step.id}`, this.known.words.added);
  }

  move(id, by) {
    const found = locate(this.steps, id);
    const place = found ? found.place + by : -1;
    if (!found || place < 0 || place >= found.list.length) return;
    this.remember();
    found.list.splice(found.place, 1);
    found.list.splice(place, 0, found.step);
    const back = by < 0 ? "up" : "down";
    const stuck = place === 0 || place === found.list.length - 1;
    this.changed(stuck ? `title-${id}` : `${back}-${id}`, this.known.words.moved);
  }

  remove(id) {
    const found = locate(this.steps, id);
    if (!found) return;
    this.remember();
    found.list.splice(found.place, 1);
    const near = found.list[Math.min(found.place, found.list.length - 1)];
    this.changed(near ? `title-${near.id}` : this.undoTarget.id, this.known.words.removed);
  }

  undo() {
    if (!this.past.length) return;
    this.steps = JSON.parse(this.past.pop());
    this.changed(this.past.length ? this.undoTarget.id : "outline-heading", this.known.words.undone);
  }

  // All that is written into one field between two looks at it is one thing to undo.
  began() {
    this.written = false;
  }

  wrote(id, name, value) {
    if (!this.written) {
      this.remember();
      this.written = true;
      this.undoTarget.disabled = false;
    }
    const found = locate(this.steps, id);
    if (found) found.step[name] = value;
    this.store();
  }

  async segment(event) {
    if (!this.hasCountTarget || !event.target.value) return;
    try {
      const answer = await fetch(`${this.known.sizeUrl}?segment=${encodeURIComponent(event.target.value)}`);
      if (answer.ok) this.countTarget.textContent = (await answer.json()).members.toLocaleString();
    } catch {
      // The number is only a help; publishing counts for itself.
    }
  }
}

window.wagtail.app.register("dxp-outline", OutlineController);
