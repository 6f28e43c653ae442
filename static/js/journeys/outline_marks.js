// Shows each fault at the field that it is about, to who has left the part where it stands.

import { make } from "../customers/rule_parts.js";

export class Marks {
  constructor({ root, summary, words, faults, fresh, ruleOf }) {
    Object.assign(this, { root, summary, words, faults, ruleOf });
    this.fresh = new Set(fresh);
    this.shown = [];
  }

  soon() {
    if (this.isComing) return;
    this.isComing = true;
    this.afterPress(() => {
      this.isComing = false;
      this.now();
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

  now() {
    clean(this.root);
    const faults = [...this.faults.entries()].filter(([, fault]) => !this.fresh.has(placeOf(fault)?.id));
    this.shown = faults.map(([number, fault]) => show(fault, placeOf(fault), number, this.ruleOf));
    const n = this.shown.length;
    const loose = this.shown.filter(({ focus }) => !focus).map(({ fault }) => fault.text);
    const said = { 0: this.words.noFaults, 1: this.words.fault }[n] ?? this.words.faults.replace("%(n)s", n);
    const isBlank = !n && !this.root.querySelector(".dxp-outline__card");
    this.say(isBlank ? "" : [said, ...loose].join(" "));
    this.summary.nextElementSibling.hidden = !this.shown.some(({ focus }) => focus);
  }

  say(text) {
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }

  next() {
    const places = this.shown.map(({ focus }) => focus).filter(Boolean);
    this.latest = ((this.latest ?? -1) + 1) % places.length;
    document.getElementById(places[this.latest])?.focus();
  }

  // Only who has left a new step is told what is missing in it.
  left({ target, relatedTarget }) {
    const part = target.closest("[data-step], [data-ending], #entry-fields");
    if (!part || part.contains(relatedTarget) || !part.isConnected) return;
    const before = this.fresh.size;
    for (const { dataset, id } of [part, ...part.querySelectorAll("[data-step], [data-arm]")]) {
      this.fresh.delete(dataset.step ?? dataset.arm ?? dataset.ending ?? id.replace("-fields", ""));
    }
    if (this.fresh.size < before) this.soon();
  }
}

// The part that a fault is about, what the fields of that part are called after, and its field.
function placeOf({ step, field, code, where }) {
  if (step) return { parts: [`step-${step}`, `arm-${step}`], id: step, name: field };
  const name = code.replace(/^entry_/, "").replace(/^no_/, "");
  if (field === "entry") return { parts: ["entry-fields"], id: "entry", name: name === "kind" ? "type" : name };
  if (field !== "goals" && field !== "exits") return null;
  const id = `${field}-${Number.parseInt(where, 10)}`;
  return { parts: [id], id, name };
}

function clean(root) {
  for (const old of root.querySelectorAll(".dxp-outline__fault--live")) old.remove();
  for (const old of root.querySelectorAll("[data-marked]")) {
    old.removeAttribute("aria-invalid");
    old.removeAttribute("aria-describedby");
    delete old.dataset.marked;
  }
  for (const old of root.querySelectorAll(".dxp-outline__card--fault")) old.classList.remove("dxp-outline__card--fault");
}

function show(fault, at, number, ruleOf) {
  const part = at?.parts.map((id) => document.getElementById(id)).find(Boolean);
  if (!part) return { fault };
  part.closest(".dxp-outline__card")?.classList.add("dxp-outline__card--fault");
  const editor = fault.field === "rule" ? ruleOf(at.id) : null;
  if (editor) {
    editor.mark({ path: fault.where || "root", words: fault.text });
    return { fault, focus: `rule-${at.id}` };
  }
  const control = controlOf(fault, at);
  const told = make("p", { class: "dxp-outline__fault dxp-outline__fault--live", id: `fault-${number}` }, fault.text);
  if (!control) {
    part.querySelector(".dxp-outline__head, label").closest("div").after(told);
    return { fault, focus: `title-${at.id}` };
  }
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", told.id);
  control.dataset.marked = "";
  const around = ".dxp-outline__field, .dxp-rule__where, fieldset, .dxp-outline__feet, .dxp-outline__condition, .dxp-rule__wheres";
  (control.closest(around) ?? part).append(told);
  return { fault, focus: control.id };
}

// `.where.0.value` is the value of the first filter; where that is no field, what is around it.
function controlOf(fault, { id, name }) {
  if (!name) return null;
  if (name === "where") {
    const steps = fault.where.replace(/^\d+/, "").split(".").filter((step) => step && step !== "where");
    for (; steps.length; steps.pop()) {
      const found = document.getElementById([`where-${id}`, ...steps].join("-"));
      if (found) return found;
    }
    return document.getElementById(`where-${id}-add`);
  }
  return document.getElementById(name === "for" ? `arms-${id}` : `${name}-${id}`);
}
