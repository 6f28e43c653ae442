// One customer's story, told through RudderStack's Node SDK. Arguments: address, write key, milliseconds
// until it ends.
const Rudder = require("@rudderstack/rudder-sdk-node");

const [host, writeKey, patience] = process.argv.slice(2);
const sdk = new Rudder(writeKey, {
  dataPlaneUrl: host,
  flushAt: 3,
  flushInterval: 100,
  errorHandler: (error) => {
    console.error("refused:", error.message);
    process.exitCode = 1;
  },
});

sdk.page({
  anonymousId: "chen-phone",
  category: "Shop",
  name: "Funds",
  properties: { url: "https://x.test/funds/", path: "/funds/" },
});
sdk.track({ anonymousId: "chen-phone", event: "Article Viewed", properties: { topic: "saving" } });
sdk.screen({ anonymousId: "chen-phone", name: "Catalog" });
sdk.identify({
  userId: "chen",
  anonymousId: "chen-phone",
  traits: { email: "chen@example.test", name: "陈" },
});
sdk.alias({ userId: "chen", previousId: "chen-phone" });
sdk.group({ userId: "chen", groupId: "acme", traits: { plan: "pro" } });
sdk.track({ userId: "chen", event: "Article Viewed", properties: { topic: "funds" } });
sdk.track({
  userId: "chen",
  event: "Order Completed",
  timestamp: new Date("2026-01-02T03:04:05Z"),
  properties: { revenue: 12.5, currency: "EUR" },
});

// flush() does not wait for requests under way; nor does the process end before its timers. On a bad
// network a lost answer costs it some seconds until it sends again.
sdk.flush(() => setTimeout(() => process.exit(), Number(patience)));
