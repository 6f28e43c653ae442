// The public site's few behaviors. Everything works without them; no dependency, no storage of its own.

const cookie = (name) =>
  document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);

// ---- Consent: ask only who has not decided, never in the way of reading.

const banner = document.querySelector("[data-consent]");
// A browser that asks not to be followed has answered, until the visitor says otherwise.
const signal = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
const refused = () => (cookie("dxp_no") ?? "").split("-");
const allows = (purpose) => Boolean(cookie("dxp_aid")) && !refused().includes(purpose);

function tellState() {
  for (const box of document.querySelectorAll("[data-consent-form] [name=purposes]"))
    box.checked = allows(box.value);
  const state = document.querySelector("[data-consent-state]");
  if (!state) return;
  const { accepted, chosen, rejected, signal: signalled } = state.dataset;
  if (cookie("dxp_aid")) state.textContent = cookie("dxp_no") ? chosen : accepted;
  else if (cookie("dxp_no")) state.textContent = rejected;
  else if (signal) state.textContent = signalled;
}

function ask(show) {
  if (banner) banner.hidden = !show;
}

// The same person said yes in one browser and no in another.
function askAgain() {
  const words = banner?.querySelector("[data-consent-again]");
  if (words) words.hidden = false;
  ask(true);
}

async function decide(event) {
  const form = event.target;
  const choice = event.submitter?.value;
  if (!choice) return;
  event.preventDefault();
  const purposes = new FormData(form).getAll("purposes");
  const buttons = form.querySelectorAll("button");
  buttons.forEach((button) => (button.disabled = true));
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ choice, page: location.pathname, ...(choice === "choose" && { purposes }) }),
    });
    await answer.text();
    if (!answer.ok) throw new Error(answer.status);
    ask(false);
    tellState();
    document.dispatchEvent(new CustomEvent("dxp:consent", { detail: choice }));
    fillSlots();
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
ask(!cookie("dxp_aid") && !cookie("dxp_no") && !signal && !document.querySelector("main [data-consent-form]"));
tellState();

// ---- How somebody came: for rules of personal slots, kept only while these are allowed.

const VISIT = 30 * 60;
const YEAR = 365 * 24 * 3600;
const keep = (value, seconds) =>
  (document.cookie = `dxp_ctx=${value}; max-age=${seconds}; path=/; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`);

function cameAs() {
  if (!allows("personalization")) {
    if (cookie("dxp_ctx")) keep("", 0);
    return {};
  }
  const now = Math.floor(Date.now() / 1000);
  const before = Object.fromEntries(new URLSearchParams(cookie("dxp_ctx") ?? ""));
  const isNew = !(now - Number(before.seen ?? 0) < VISIT);
  const query = new URLSearchParams(location.search);
  const campaign = (name) => query.get(`utm_${name}`);
  const arrived = isNew || campaign("campaign") || campaign("source");
  const from = URL.canParse?.(document.referrer) ? new URL(document.referrer).hostname : "";
  const told = {
    visits: String(Number(before.visits ?? 0) + (isNew ? 1 : 0)),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? "",
    referrer: from && from !== location.hostname ? from : isNew ? "" : before.referrer,
  };
  for (const name of ["campaign", "source", "medium"]) told[name] = arrived ? campaign(name) : before[name];
  for (const name of Object.keys(told)) if (!told[name]) delete told[name];
  keep(new URLSearchParams({ ...told, seen: now }), YEAR);
  return told;
}

// ---- Personal slots: one call for all of them; whatever goes wrong, the default stays. A slot that
// arrived with the page is asked for too, without its HTML: that is how it is counted.

async function fillSlots() {
  const came = cameAs();
  const slots = new Map([...document.querySelectorAll("dxp-slot")].map((slot) => [slot.dataset.slot, slot]));
  const { page, rev } = document.body.dataset;
  if (!slots.size || !page || !allows("personalization")) return;
  const has = [...slots].filter(([, slot]) => slot.dataset.variant).map(([id, slot]) => `${id}:${slot.dataset.variant}`);
  const query = new URLSearchParams({ ...came, page, rev, s: [...slots.keys()].join(","), has: has.join(",") });
  try {
    const answer = await fetch(`/_x/slots?${query}`, { signal: AbortSignal.timeout(1500) });
    if (!answer.ok) return;
    const decisions = Object.entries(await answer.json());
    for (const [id, decision] of decisions) show(slots.get(id), decision);
    if (decisions.some(([, { reason }]) => reason === "ask-again")) askAgain();
  } catch {
    // Too late or unreachable.
  }
}

function show(slot, { html, variant }) {
  // Who is at a link in there, or marks its words, keeps what they have.
  const marked = getSelection();
  const isHeld = slot?.contains(document.activeElement) || (!marked.isCollapsed && slot?.contains(marked.anchorNode));
  if (!slot || !html || isHeld) return;
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
