// The public site's few behaviors. Everything works without them; no dependency, no storage of its own.

const cookie = (name) =>
  document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);

// ---- Consent: ask only who has not decided, never in the way of reading.

const banner = document.querySelector("[data-consent]");

function tellState() {
  const state = document.querySelector("[data-consent-state]");
  if (!state) return;
  if (cookie("dxp_aid")) state.textContent = state.dataset.accepted;
  else if (cookie("dxp_no")) state.textContent = state.dataset.rejected;
}

function ask(show) {
  if (banner) banner.hidden = !show;
}

async function decide(event) {
  const form = event.target;
  const choice = event.submitter?.value;
  if (!choice) return;
  event.preventDefault();
  const buttons = form.querySelectorAll("button");
  buttons.forEach((button) => (button.disabled = true));
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ choice, page: location.pathname }),
    });
    await answer.text();
    if (!answer.ok) throw new Error(answer.status);
    ask(false);
    tellState();
    document.dispatchEvent(new CustomEvent("dxp:consent", { detail: choice }));
    if (choice === "accept") fillSlots();
  } catch {
    // Not written down, so nothing is kept: the question stays open.
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

document.querySelectorAll("[data-consent-form]").forEach((form) => form.addEventListener("submit", decide));
document.querySelectorAll("[data-cookie-settings]").forEach((link) =>
  link.addEventListener("click", (event) => {
    if (!banner) return;
    event.preventDefault();
    ask(true);
    banner.querySelector("button").focus();
  }),
);
banner?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") ask(false);
});
ask(!cookie("dxp_aid") && !cookie("dxp_no") && !document.querySelector("main [data-consent-form]"));
tellState();

// ---- Personal slots: one call for all of them; whatever goes wrong, the default stays.

async function fillSlots() {
  const slots = new Map([...document.querySelectorAll("dxp-slot")].map((slot) => [slot.dataset.slot, slot]));
  const { page, rev } = document.body.dataset;
  if (!slots.size || !page || !cookie("dxp_aid")) return;
  const query = new URLSearchParams({ page, rev, s: [...slots.keys()].join(",") });
  try {
    const answer = await fetch(`/_x/slots?${query}`, { signal: AbortSignal.timeout(1500) });
    if (!answer.ok) return;
    for (const [id, decision] of Object.entries(await answer.json())) show(slots.get(id), decision);
  } catch {
    // Too late or unreachable.
  }
}

function show(slot, { html, variant }) {
  if (!slot || !html || slot.dataset.variant === variant) return;
  // The place keeps its height, so that a shorter variant does not pull the page up.
  slot.style.minBlockSize = `${slot.getBoundingClientRect().height}px`;
  const template = document.createElement("template");
  template.innerHTML = html;
  slot.replaceChildren(template.content);
  slot.dataset.variant = variant;
}

fillSlots();

// ---- Sign-up: faults beside their fields, without losing the place on the page.

function tell(form, faults) {
  let first = null;
  for (const place of form.querySelectorAll("[data-fault]")) {
    const name = place.dataset.fault;
    const input = form.elements.namedItem(name);
    place.textContent = faults[name] ?? "";
    place.hidden = !faults[name];
    if (!input) continue;
    input.toggleAttribute("aria-invalid", Boolean(faults[name]));
    if (faults[name]) {
      input.setAttribute("aria-invalid", "true");
      first ??= input;
    }
  }
  first?.focus();
}

async function signUp(event) {
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
    const { errors, location: next } = await answer.json();
    if (next) return location.assign(next);
    tell(form, errors ?? {});
  } catch {
    form.submit();
  } finally {
    button.disabled = false;
  }
}

document.querySelectorAll("[data-sign-up]").forEach((form) => form.addEventListener("submit", signUp));
