// Forms that editors build: ask what is not known yet, tell faults beside their fields, thank in place.

const cookie = (name) => document.cookie.split("; ").some((pair) => pair.startsWith(`${name}=`));

function show(form, key, isAsked) {
  const place = form.querySelector(`[data-question="${CSS.escape(key)}"]`);
  if (!place) return;
  place.hidden = !isAsked;
  for (const part of place.querySelectorAll("input, textarea, fieldset")) part.disabled = !isAsked;
}

function fill(form, key, value) {
  const found = form.elements.namedItem(key);
  if (!found) return;
  const parts = found instanceof RadioNodeList ? [...found] : [found];
  // What somebody typed or chose meanwhile stays.
  if (["checkbox", "radio"].includes(parts[0].type)) {
    const told = [value].flat().map(String);
    if (parts.some((part) => part.checked)) return;
    // A single tick has no words of its own: it is set where the answer was yes.
    for (const part of parts)
      part.checked = part.hasAttribute("value") ? told.includes(part.value) : value === true;
  } else if (!parts[0].value) parts[0].value = value;
}

async function ask(form) {
  if (!cookie("dxp_aid")) return;
  const { page, block, asked } = form.elements;
  const query = new URLSearchParams({ page: page.value, block: block.value });
  try {
    const answer = await fetch(`${form.action.split("#")[0]}?${query}`, { signal: AbortSignal.timeout(1500) });
    if (!answer.ok) return;
    const { values, ask: wanted } = await answer.json();
    for (const [key, value] of Object.entries(values)) fill(form, key, value);
    if (!wanted || form.dataset.touched) return;
    for (const place of form.querySelectorAll("[data-question]:has([data-waits])"))
      show(form, place.dataset.question, wanted.includes(place.dataset.question));
    asked.value = wanted.join(",");
  } catch {
    // Too late or unreachable: the form stands as it is.
  }
}

function tell(form, faults) {
  let first = null;
  for (const place of form.querySelectorAll("[data-fault]")) {
    const name = place.dataset.fault;
    const found = form.elements.namedItem(name);
    const field = found instanceof RadioNodeList ? found[0] : found;
    place.textContent = faults[name] ?? "";
    place.hidden = !faults[name];
    if (!field) continue;
    if (faults[name]) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    if (faults[name]) first ??= field;
  }
  (first ?? form.querySelector("[role=alert]")).focus?.();
}

function thank(form, words) {
  const place = document.createElement("p");
  place.className = "dxp-ask__thanks";
  place.setAttribute("role", "status");
  place.tabIndex = -1;
  place.textContent = words;
  form.replaceWith(place);
  place.focus();
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    });
    const { errors, location: next, thanks } = await answer.json();
    if (next) return location.assign(next);
    if (thanks) return thank(form, thanks);
    tell(form, errors ?? {});
  } catch {
    form.submit();
  } finally {
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("[data-ask]")) {
  form.addEventListener("submit", send);
  form.addEventListener("input", () => (form.dataset.touched = "1"), { once: true });
  ask(form);
}
