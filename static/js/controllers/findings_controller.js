// Leads from what a check found to its place in the editor, behind whatever tab or panel it is.

const FIELDS = "input:not([type=hidden]), textarea, select, [contenteditable=true]";

class FindingsController extends window.StimulusModule.Controller {
  async go(event) {
    const path = event.currentTarget.hash.split(":w:contentpath=")[1];
    const place = this._find(path.split("."));
    if (!place) return;
    event.preventDefault();
    this._open(place);
    // Wagtail shows a tab a moment later.
    for (let frame = 0; frame < 60 && !place.checkVisibility(); frame += 1) {
      await new Promise(requestAnimationFrame);
    }
    place.scrollIntoView({ block: "center" });
    const seen = (field) => field.checkVisibility({ visibilityProperty: true });
    const fields = [...place.querySelectorAll(FIELDS), ...place.querySelectorAll("button")];
    fields.find(seen)?.focus({ preventScroll: true });
  }

  // A block that is gone leaves its field.
  _find(names) {
    const steps = names.map((name) => `[data-contentpath="${CSS.escape(name)}"]`);
    return document.querySelector(steps.join(" ")) ?? document.querySelector(steps[0]);
  }

  _open(place) {
    const tab = place.closest("[role=tabpanel]");
    if (tab?.hidden) document.querySelector(`[role=tab][href="#${tab.id}"]`)?.click();
    for (let box = place.closest("[data-panel]"); box; box = this._around(box)) {
      const toggle = box.querySelector("[data-panel-toggle]");
      if (toggle?.getAttribute("aria-expanded") === "false") toggle.click();
    }
  }

  _around(box) {
    return box.parentElement.closest("[data-panel]");
  }
}

window.wagtail.app.register("dxp-findings", FindingsController);
