// Shows what is pushed, and leads to where it points. Keeps and asks nothing else.

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // Not ours.
  }
  if (!told.title) return;
  event.waitUntil(
    self.registration.showNotification(told.title, {
      body: told.text ?? "",
      // A second try of the same message replaces the first.
      tag: told.tag ?? "",
      data: { url: told.url ?? "/" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data?.url ?? "/"));
});

self.addEventListener("pushsubscriptionchange", (event) => {
  const renew = async () => {
    const old = event.oldSubscription;
    const made = event.newSubscription ?? (old && (await self.registration.pushManager.subscribe(old.options)));
    if (!made) return;
    await fetch("/_x/push", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(made),
    });
  };
  event.waitUntil(renew());
});
