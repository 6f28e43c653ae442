// Tells our own server what was read, after the visitor allowed it. Without the cookie dxp_aid
// nothing is sent and nothing is kept. window.dxp = { track(name, properties), identify(id, traits) }.

const { writeKey, endpoint } = document.querySelector("script[data-write-key]").dataset;
const MOST = 50;
const IDLE = 30_000;
const LEAST = 5;
const queue = [];
let waiting = 0;
let failures = 0;

const cookie = (name) => new RegExp(`(?:^|; )${name}=([\\w-]+)`).exec(document.cookie)?.[1];
// Whoever allowed only the personal part has a number too, and is not counted.
const aid = () => ((cookie("dxp_no") ?? "").split("-").includes("tracking") ? undefined : cookie("dxp_aid"));

function context() {
  const query = new URLSearchParams(location.search);
  const campaign = {};
  for (const [name, value] of query)
    if (name.startsWith("utm_")) campaign[name === "utm_campaign" ? "name" : name.slice(4)] = value;
  return {
    page: page(),
    campaign,
    locale: navigator.language,
    userAgent: navigator.userAgent,
    library: { name: "dxp-track", version: "1" },
  };
}

const page = () => ({
  url: location.href,
  path: location.pathname,
  title: document.title,
  referrer: document.referrer,
  search: location.search,
});

const number = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

function add(to, body) {
  const anonymousId = aid();
  if (!anonymousId || !writeKey || queue.length >= MOST) return;
  const about = { writeKey, anonymousId, messageId: number() };
  queue.push([to, { ...about, timestamp: new Date().toISOString(), context: context(), ...body }]);
  if (!waiting) send();
}

function tell(to, body) {
  return fetch(`${endpoint}/${to}`, {
    method: "POST",
    keepalive: true,
    credentials: "omit",
    headers: { "Content-Type": "text/plain" },
    body: JSON.stringify({ ...body, sentAt: new Date().toISOString() }),
  });
}

// Who is gone before the first answer came leaves with all that waited; what arrives twice has the
// same number, and counts once.
function handOver() {
  if (aid()) for (const [to, body] of queue) tell(to, body).catch(() => {});
}

async function send() {
  waiting = 1;
  while (queue.length) {
    // Consent may have been withdrawn while an event waited.
    if (!aid()) queue.length = 0;
    if (!queue.length) break;
    const [to, body] = queue[0];
    let done = false;
    try {
      const answer = await tell(to, body);
      done = answer.status < 500 && answer.status !== 429;
      // A body left unread would keep one of the browser's few connections to this host.
      await answer.text();
    } catch {
      // Offline or blocked: try again below.
    }
    if (done) {
      queue.shift();
      failures = 0;
    } else if (++failures > 6) {
      queue.length = 0;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 2 ** failures * 500));
    }
  }
  waiting = 0;
}

let isTold = false;
let read = 0;
let stirred = 0;

function visit() {
  if (isTold || !aid()) return;
  isTold = true;
  stirred = Date.now();
  const { event, properties } = document.body.dataset;
  add("p", { type: "page", properties: page() });
  if (event) track(event, JSON.parse(properties));
}

function track(event, properties = {}, about = {}) {
  add("t", { ...about, type: "track", event, properties });
}

function identify(userId, traits = {}) {
  add("i", { type: "identify", userId, traits });
}

// How long a page is read: seconds in which it is to be seen and somebody has stirred of late. The sum
// is told as the page is left, and nothing else about it.
function stir() {
  stirred = Date.now();
}

function second() {
  if (isTold && !document.hidden && Date.now() - stirred < IDLE) read += 1;
}

function leave() {
  if (!document.hidden || read < LEAST) return;
  track("Page Left", { path: location.pathname, seconds: read });
  read = 0;
}

function click({ target }) {
  const link = target.closest?.("a[href]");
  if (!link || link.origin !== location.origin) return;
  if (!link.pathname.startsWith("/documents/") && !link.hasAttribute("download")) return;
  const messageId = number();
  const title = link.textContent.trim().slice(0, 200);
  track("Document Downloaded", { path: link.pathname, title }, { messageId });
  if (!aid() || !link.pathname.startsWith("/documents/")) return;
  // Our server sees the same download: told under the same number it counts once.
  const { search } = link;
  link.search = `${search ? `${search}&` : "?"}d=${messageId}`;
  setTimeout(() => {
    link.search = search;
  });
}

for (const kind of ["scroll", "keydown", "pointermove", "pointerdown"])
  document.addEventListener(kind, stir, { passive: true, capture: true });
setInterval(second, 1000);
document.addEventListener("visibilitychange", leave);
window.addEventListener("pagehide", handOver);
document.addEventListener("click", click);
document.addEventListener("auxclick", ({ button, target }) => button === 1 && click({ target }));

window.dxp = { track, identify };
document.addEventListener("dxp:consent", () => {
  if (aid()) visit();
  else queue.length = 0;
});
visit();
