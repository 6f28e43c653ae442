// One visitor's story, told through Analytics.js. Returns the ids of their browser before and after
// they left.
window.tell = async (host, writeKey) => {
  const sdk = window.AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL: host });
  await sdk.page("Shop", "Funds");
  const before = (await sdk.user()).anonymousId();
  await sdk.track("Article Viewed", { topic: "saving" });
  await sdk.alias("chen");
  await sdk.identify("chen", { email: "chen@example.test", name: "陈" });
  await sdk.group("acme", { plan: "pro" });
  await sdk.track("Article Viewed", { topic: "funds" });
  await sdk.track("Order Completed", { revenue: 12.5, currency: "EUR" });
  await sdk.reset();
  await sdk.track("Article Viewed", { topic: "pensions" });
  return [before, (await sdk.user()).anonymousId()];
};
