// Steps on their way from one place to another: in this journey, another one, another house.

import { listOf, locate, renamed, tooDeep, whole } from "./outline_tree.js";

const PLACE = "dxp-outline-clip";
const KIND = "dxp-journey-steps";

export class Clip {
  constructor(editor, checks) {
    Object.assign(this, { editor, checks });
  }

  get outline() {
    return this.editor.it.state.outline;
  }

  isEmpty() {
    return !read(this.kept() ?? "");
  }

  kept() {
    try {
      return localStorage.getItem(PLACE);
    } catch {
      return null;
    }
  }

  copy(id) {
    const text = JSON.stringify({ kind: KIND, steps: [locate(this.outline, id).step] });
    try {
      localStorage.setItem(PLACE, text);
    } catch {
      // A browser that keeps nothing can still paste what is in its clipboard.
    }
    navigator.clipboard?.writeText(text).catch(() => {});
    this.editor.say(this.editor.known.words.copied);
    return text;
  }

  // What is pasted may come from anywhere: the server reads it first.
  async paste(text, { owner, key }, place) {
    const { editor } = this;
    const { words } = editor.known;
    const told = read(text ?? "");
    const steps = told ? await this.checks.tidied(told).catch(() => []) : [];
    if (!steps.length) return editor.say(words.noPaste);
    const own = renamed(whole(steps));
    const draft = structuredClone(this.outline);
    listOf(draft, owner, key)?.splice(place, 0, ...own);
    if (tooDeep(draft)) return editor.say(words.noPlace);
    editor.it.menu = null;
    return editor.become(() => listOf(this.outline, owner, key)?.splice(place, 0, ...own), `title-${own[0].id}`, words.pasted);
  }

  // The keys of the system: on a step, and not on a text in it.
  copied(event) {
    const near = nearStep(event);
    if (!near || !window.getSelection().isCollapsed) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", this.copy(near));
  }

  pasted(event) {
    const near = nearStep(event);
    const text = event.clipboardData.getData("text/plain");
    if (!near || !read(text)) return;
    event.preventDefault();
    const { owner, way, place } = locate(this.outline, near);
    this.paste(text, { owner, key: way }, place + 1);
  }
}

function nearStep({ target }) {
  if (target.closest?.("input, textarea, select")) return null;
  return document.activeElement?.closest("[data-step]")?.dataset.step ?? null;
}

// The steps in a text, as JSON again for the server to read; nothing where it holds none.
function read(text) {
  try {
    const told = JSON.parse(text);
    return told?.kind === KIND && Array.isArray(told.steps) ? JSON.stringify(told.steps) : null;
  } catch {
    return null;
  }
}
