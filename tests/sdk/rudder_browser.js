// One visitor's story, told through RudderStack's browser SDK. Returns the ids of their browser
// before and after they left.
window.tell = async (host, writeKey) => {
  const sdk = new window.rudderanalytics.RudderAnalytics();
  await new Promise((onLoaded) => {
    sdk.load(writeKey, host, { configUrl: host, onLoaded });
  });
  sdk.page("Shop", "Funds");
  const before = sdk.getAnonymousId();
  sdk.track("Article Viewed", { topic: "saving" });
  sdk.alias("chen");
  sdk.identify("chen", { email: "chen@example.test", name: "陈" });
  sdk.group("acme", { plan: "pro" });
  sdk.track("Article Viewed", { topic: "funds" });
  sdk.track("Order Completed", { revenue: 12.5, currency: "EUR" });
  sdk.reset(true);
  sdk.track("Article Viewed", { topic: "pensions" });
  return [before, sdk.getAnonymousId()];
};
