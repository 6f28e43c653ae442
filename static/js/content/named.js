// Wagtail's rich text tells a screen reader what it is for, as every other field does: the words of
// its label or, where it is a block by itself, of its panel.

const NAMELESS = "[role=textbox][contenteditable=true]:not([aria-label], [aria-labelledby])";

function words(field) {
  const label = field.closest("[data-field]")?.querySelector("label");
  const title = field.closest("section")?.querySelector("[data-panel-heading-text]");
  return (label ?? title)?.textContent.replace(/[*\s]+/g, " ").trim();
}

function name() {
  for (const field of document.querySelectorAll(NAMELESS)) {
    const told = words(field);
    if (told) field.setAttribute("aria-label", told);
  }
}

name();
new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
