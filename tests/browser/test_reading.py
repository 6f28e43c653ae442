"""What the tracker tells of somebody who allowed statistics, and nothing of who did not."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.browser
LINK = """() => {
  const link = document.createElement("a");
  link.href = "/documents/1/fees.pdf";
  link.textContent = " Fees ";
  link.addEventListener("click", (event) => event.preventDefault());
  document.querySelector("main").append(link);
}"""
HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize("choice", ["accept", "reject"])
def test_reading_searching_and_downloading_are_told_by_consent_alone(browser, house, choice):
    told = []
    context = browser.new_context(base_url=house.address)
    page = context.new_page()

    def listen(route):
        told.append(json.loads(route.request.post_data))
        route.fulfill(json={"success": True})

    page.route("**/v1/*", listen)
    page.clock.install()
    page.goto("/search/?q=fund")
    page.click(f"[data-consent] button[value={choice}]")
    page.wait_for_selector("[data-consent]", state="hidden")
    page.evaluate(LINK)
    page.click("text=Fees")
    page.clock.run_for(20_000)
    page.mouse.move(5, 5)
    # The last half minute without a stir is no reading.
    page.clock.run_for(60_000)
    page.evaluate(HIDE)
    page.wait_for_timeout(300)
    context.close()

    said = [(one.get("event"), one.get("properties")) for one in told if one["type"] == "track"]
    if choice == "reject":
        assert told == []
        return
    assert [name for name, _properties in said] == ["Searched", "Document Downloaded", "Page Left"]
    assert (said[0][1]["query"], said[0][1]["results"] > 0) == ("fund", True)
    assert said[1][1] == {"path": "/documents/1/fees.pdf", "title": "Fees"}
    assert said[2][1]["path"] == "/search/"
    assert 45 <= said[2][1]["seconds"] <= 52
