// Asks whether we may push, only when the visitor says so; nothing is registered before.

const place = document.querySelector("[data-push]");
const part = (name) => place.querySelector(`[data-push-${name}]`);

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const registration = () => navigator.serviceWorker.getRegistration(place.dataset.worker);
const subscription = async () => (await registration())?.pushManager.getSubscription();

function tell(state) {
  const isOn = state === "on";
  part("allow").hidden = isOn || state === "denied";
  part("stop").hidden = !isOn;
  part("state").textContent = state === "asked" ? "" : part("state").dataset[`${state}Words`];
}

async function post(url, told) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...told, page: location.pathname }),
  });
  await answer.text();
  if (!answer.ok) throw new Error(answer.status);
}

async function allow() {
  part("allow").disabled = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") return tell("denied");
    await navigator.serviceWorker.register(place.dataset.worker, { scope: "/" });
    const { pushManager } = await navigator.serviceWorker.ready;
    const made = await pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(place.dataset.key),
    });
    await post(place.dataset.on, made.toJSON());
    tell("on");
    part("stop").focus();
  } catch {
    tell("failed");
  } finally {
    part("allow").disabled = false;
  }
}

async function stop() {
  try {
    const made = await subscription();
    if (made) {
      await post(place.dataset.off, { endpoint: made.endpoint });
      await made.unsubscribe();
    }
    tell("off");
    part("allow").focus();
  } catch {
    tell("failed");
  }
}

async function begin() {
  place.hidden = false;
  part("allow").addEventListener("click", allow);
  part("stop").addEventListener("click", stop);
  if (Notification.permission === "denied") return tell("denied");
  tell((await subscription()) ? "on" : "asked");
}

if (place && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) begin();
