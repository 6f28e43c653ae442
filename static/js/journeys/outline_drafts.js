// The draft in its form: read, written; and two of them, where two people have drawn.

import { freshEntry } from "./outline_entry.js";
import { whole } from "./outline_tree.js";

const WRITTEN = ["name", "reentry", "again_after_days"];

// A draft with everything that the editor counts on.
export function complete(state) {
  if (!state.entry?.type) state.entry = freshEntry("segment");
  for (const name of ["goals", "exits", "outline"]) if (!Array.isArray(state[name])) state[name] = [];
  whole(state.outline);
  return state;
}

export function stored(inputs) {
  const state = {};
  for (const [name, input] of Object.entries(inputs)) {
    try {
      state[name] = JSON.parse(input.value);
    } catch {
      state[name] = null;
    }
  }
  return complete(state);
}

// Either draft can be looked at, and what is shown is what will be saved.
export class Drafts {
  constructor(editor, form) {
    Object.assign(this, { editor, form });
  }

  theirs() {
    this.mine ??= this.shown();
    this.show(this.editor.known.theirs, "theirsShown");
  }

  own() {
    if (this.mine) this.show(this.mine, "mineShown");
  }

  shown() {
    const written = WRITTEN.map((name) => [name, this.form.elements[name].value]);
    return structuredClone({ ...this.editor.it.state, ...Object.fromEntries(written) });
  }

  show(draft, said) {
    const { editor } = this;
    for (const name of WRITTEN) this.form.elements[name].value = draft[name] ?? "";
    editor.become(() => {
      const { entry, goals, exits, outline } = structuredClone(draft);
      editor.it.state = complete({ entry, goals, exits, outline });
    }, null, editor.known.words[said]);
    editor.reentry();
  }
}
