// Shows each fault at the field that it is about.

import { make } from "../customers/rule_parts.js";

// The places of a fault: the element of its part, what its fields are called after, and its field.
function placeOf(fault) {
  if (fault.step) return { part: `step-${fault.step}`, other: `arm-${fault.step}`, id: fault.step, name: fault.field };
  const name = fault.code.replace(/^entry_/, "").replace(/^no_/, "");
  if (fault.field === "entry") return { part: "entry-fields", id: "entry", name: name === "kind" ? "type" : name };
  if (fault.field === "goals" || fault.field === "exits") {
    const place = Number.parseInt(fault.where, 10);
    return { part: `${fault.field}-${place}`, id: `${fault.field}-${place}`, name };
  }
  return null;
}

// Rules mark their own faults, as long as they are open.
export function mark(root, faults, { isFresh, ruleOf }) {
  for (const old of root.querySelectorAll(".dxp-outline__fault--live")) old.remove();
  for (const old of root.querySelectorAll("[data-marked]")) {
    old.removeAttribute("aria-invalid");
    old.removeAttribute("aria-describedby");
    delete old.dataset.marked;
  }
  for (const old of root.querySelectorAll(".dxp-outline__card--fault")) old.classList.remove("dxp-outline__card--fault");
  const shown = [];
  for (const [place, fault] of faults.entries()) {
    const at = placeOf(fault);
    if (at && isFresh(at.id)) continue;
    shown.push(at ? show(fault, at, place, ruleOf) : { fault });
  }
  return shown;
}

function show(fault, at, number, ruleOf) {
  const part = document.getElementById(at.part) ?? (at.other && document.getElementById(at.other));
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
  (control.closest(".dxp-outline__field, .dxp-rule__where, fieldset, .dxp-outline__feet, .dxp-outline__condition") ?? control).append(told);
  return { fault, focus: control.id };
}

// `.where.0.value` is the value of the first filter; where that is no field, what is around it.
function controlOf(fault, { id, name }) {
  if (!name) return null;
  const steps = fault.where.split(".").slice(fault.step || fault.field === "entry" ? 0 : 1).filter(Boolean);
  if (steps[0] === "where") steps.shift();
  for (; steps.length && name === "where"; steps.pop()) {
    const found = document.getElementById([`where-${id}`, ...steps].join("-"));
    if (found) return found;
  }
  if (name === "where") return document.getElementById(`where-${id}-add`);
  if (name === "for") return document.getElementById(`arms-${id}`);
  return document.getElementById(`${name}-${id}`);
}
