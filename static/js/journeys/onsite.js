// Shows the message that waits for this visitor. Without consent to personal pages nothing is asked.

const slot = document.querySelector("[data-onsite]");
const part = (name) => slot.querySelector(`[data-onsite-${name}]`);
const cookie = (name) =>
  document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
const isAllowed = () =>
  Boolean(cookie("dxp_aid")) && !(cookie("dxp_no") ?? "").split("-").includes("personalization");
let current = null;

async function look() {
  if (!isAllowed()) return hide();
  try {
    const answer = await fetch(slot.dataset.onsite, { signal: AbortSignal.timeout(3000) });
    if (!answer.ok) return;
    show((await answer.json()).message);
  } catch {
    // Too late or unreachable: it waits for the next page.
  }
}

function show(message) {
  if (!message) return hide();
  current = message.token;
  part("title").textContent = message.title;
  part("text").textContent = message.text;
  part("text").hidden = !message.text;
  const link = part("link");
  link.hidden = !message.url;
  if (message.url) link.href = message.url;
  slot.hidden = false;
  tell("seen");
}

function hide() {
  slot.hidden = true;
  current = null;
}

async function tell(what) {
  try {
    const answer = await fetch(`${slot.dataset.onsite}/${current}/${what}`, { method: "POST", keepalive: true });
    await answer.text();
  } catch {
    // It is told again by the next page.
  }
}

async function close() {
  const had = slot.contains(document.activeElement);
  slot.hidden = true;
  await tell("close");
  await look();
  // Whoever closed it with the keyboard goes on where the page begins.
  if (had && slot.hidden) document.querySelector("main")?.focus({ preventScroll: true });
}

if (slot) {
  part("close").addEventListener("click", close);
  part("link").addEventListener("click", () => tell("close"));
  slot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  document.addEventListener("dxp:consent", look);
  look();
}
