// What was done, to undo and redo it. Pure: knows no page.

const MOST = 200;

export class History {
  constructor(state) {
    this.present = structuredClone(state);
    this.past = [];
    this.future = [];
    this.mark = null;
  }

  // What is typed into one field, one look after another, is one thing to undo.
  did(state, mark = null) {
    if (mark === null || mark !== this.mark) {
      this.past.push(this.present);
      if (this.past.length > MOST) this.past.shift();
    }
    this.mark = mark;
    this.present = structuredClone(state);
    this.future = [];
  }

  undo() {
    return this.#go(this.past, this.future);
  }

  redo() {
    return this.#go(this.future, this.past);
  }

  #go(from, to) {
    if (!from.length) return null;
    to.push(this.present);
    this.present = from.pop();
    this.mark = null;
    return structuredClone(this.present);
  }
}
