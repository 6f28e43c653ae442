"""Every screen, at a desk, on a phone and in the dark: usable by everybody, nothing cut off."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import TimeoutError

from tests.browser.conftest import sign_in
from tests.house.running import ROOT

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules/axe-core/axe.min.js"
TAGS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# A page in the dark is the same page in other colors.
COLORS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
FORMS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}

# What stands in Wagtail's own pages and can't be reached from here: selector, rule, reason.
WAGTAILS = [
    (
        "#w-minimap-toggle",
        "target-size",
        "The button that opens the outline beside Wagtail's editor is 20 px wide.",
    ),
    (
        ".w-minimap",
        "scrollable-region-focusable",
        "The outline beside Wagtail's editor has nothing to focus while it is folded.",
    ),
]


@dataclass(frozen=True)
class Screen:
    """One screen: its address, and what stands on it once it is complete."""

    name: str
    address: str
    ready: str = "main"
    status: int = 200


SITE = [
    Screen("home", "/", "[data-consent]:not([hidden])"),
    Screen("insights", "/insights/"),
    Screen("article", "{article}"),
    Screen("products", "/products/"),
    Screen("product", "{product}"),
    Screen("newsletter", "/newsletter/"),
    Screen("thank-you", "/newsletter/thank-you/"),
    Screen("advice", "/advice/"),
    Screen("about", "/about/"),
    Screen("search-hits", "/search/?q=fund"),
    Screen("search-nothing", "/search/?q=zeppelin"),
    Screen("not-found", "/nowhere/", status=404),
    Screen("spanish", "/es/"),
    Screen("spanish-product", "/es/productos/plan-de-ahorro-sapling/"),
    Screen("cookies", "/cookies/"),
    Screen("closed-page", "/_util/login/", "main form"),
    Screen("unsubscribe", "{leave}"),
    Screen("preferences", "{preferences}", "main form"),
    Screen("guest-review", "{guest}", "main form"),
    Screen("guest-review-over", "/review/over/", "main", status=410),
]
STEPS = "step=Article+Viewed&step=Signed+Up&step=Savings+Plan+Opened"
ADMIN = [
    Screen("dashboard", "/admin/", ".dxp-tiles"),
    Screen("page-editor", "{page_editor}", "[role=textbox][aria-label]"),
    Screen("look-as", "{look_as}", ".dxp-look__page"),
    Screen("personas", "/admin/snippets/content/persona/", "main"),
    Screen("new-persona", "/admin/snippets/content/persona/add/", "main form"),
    Screen("broken-blocks", "/admin/faults/", "main"),
    Screen("encrypted-files", "/admin/files/encrypted/", "main"),
    Screen("document-links", "{document_links}", "main form"),
    Screen("fragments", "/admin/fragments/", "main"),
    Screen("terms", "/admin/content/terms/", "main"),
    Screen("new-term", "/admin/content/terms/new/", "main form"),
    Screen("load-terms", "/admin/content/terms/load/", "main form"),
    Screen("facets", "/admin/content/facets/", "main"),
    Screen("facet", "{facet}", ".dxp-tree li"),
    Screen("facet-quality", "{quality}", "main dl"),
    Screen("facet-waiting", "{waiting}", "main"),
    Screen("term", "{term}", "#things-title"),
    Screen("new-facet", "/admin/content/facets/new/", "main form"),
    Screen("new-fragment", "/admin/fragments/add/", "main form"),
    Screen("forms", "/admin/form-builder/", "main tbody tr"),
    Screen("form", "{form}", "[data-streamfield-child]"),
    Screen("answers", "{answers}", "main tbody tr"),
    Screen("answer", "{answer}", "main dl"),
    Screen("rights", "/admin/rights/", "main"),
    Screen("rights-on-files", "/admin/rights/wagtailcore/collection/1/", "main form"),
    Screen("acts-on-many", "/admin/many/", "main"),
    Screen("bots", "/admin/bots/", "main form"),
    Screen("profiles", "/admin/customers/profiles/", "main tbody tr"),
    Screen("profile", "{profile}", ".dxp-timeline__event"),
    Screen("segments", "/admin/customers/segments/", "main tbody tr"),
    Screen("segment-page", "{segment_page}", ".dxp-chart svg"),
    Screen("members", "{members}", "main tbody tr"),
    Screen("segment-why", "{why}", ".dxp-why__tree"),
    Screen("segment-who", "{who}?q=a", ".dxp-why form"),
    Screen("segment", "{segment}", ".dxp-rule__sentence:not(:empty)"),
    Screen("new-segment", "/admin/customers/segments/new/", ".dxp-rule__adds"),
    Screen("lists", "/admin/customers/lists/", "main tbody tr"),
    Screen("list", "{list}", "main tbody tr"),
    Screen("list-add", "{list}add/?q=a", ".dxp-picks li"),
    Screen("list-segment", "{list}segment/", "main form"),
    Screen("new-list", "/admin/customers/lists/new/", "main form"),
    Screen("sources", "/admin/customers/sources/", "main tbody tr"),
    Screen("source", "{source}", ".dxp-latest li"),
    Screen("new-source", "/admin/customers/sources/new/", "main form"),
    Screen("live", "{live}", "main"),
    Screen("rejected", "/admin/customers/rejected/", "main tbody tr"),
    Screen("rejected-one", "{rejected}", "main"),
    Screen("merge", "{merge}?q=a", "main form"),
    Screen("merge-with", "{merge_with}", "main form"),
    Screen("traits", "/admin/customers/traits/", "main tbody tr"),
    Screen("trait", "{trait}", "main form"),
    Screen("computed", "/admin/customers/computed/", "main"),
    Screen("new-computed", "/admin/customers/computed/new/", "main form"),
    Screen("blocked-names", "/admin/customers/blocked-names/", "main"),
    Screen("new-blocked-name", "/admin/customers/blocked-names/new/", "main form"),
    Screen("limits", "/admin/customers/limits/", "main tbody tr"),
    Screen("limit", "{limit}", "main form"),
    Screen("retention", "/admin/customers/retention/", "main"),
    Screen("new-retention", "/admin/customers/retention/new/", "main form"),
    Screen("journeys", "/admin/journeys/journeys/", "main tbody tr"),
    Screen("journey", "{journey}", ".dxp-outline__card"),
    Screen("new-journey", "/admin/journeys/journeys/new/", ".dxp-outline__last"),
    Screen("people-at-step", "{step}", "main tbody tr"),
    Screen("trace", "{trace}", ".dxp-jp__trace li"),
    Screen("enroll", "{pages}people/enroll/?q=a", ".dxp-jp__find"),
    Screen("launch", "{pages}launch/", ".dxp-jp__points li"),
    Screen("versions", "{pages}versions/", "#version-1"),
    Screen("rollback", "{pages}versions/1/", "main form"),
    Screen("transfer", "{pages}transfer/", "main .dxp-jp"),
    Screen("resume", "{pages}resume/", "main .dxp-jp"),
    Screen("test-run", "{pages}test-run/", ".dxp-jp__acts"),
    Screen("messages", "/admin/journeys/messages/", "main tbody tr"),
    Screen("message", "{message}", "[data-streamfield-child]"),
    Screen("message-test", "{test}", "main form"),
    Screen("message-look", "{look}", ".dxp-look__frame"),
    Screen("new-message", "/admin/journeys/messages/add/", ".dxp-channels a"),
    Screen("new-message-form", "/admin/journeys/messages/add/?channel=sms", ".dxp-notes"),
    Screen("deliveries", "/admin/journeys/deliveries/", "main tbody tr"),
    Screen("delivery", "{delivery}", ".dxp-out__story li"),
    Screen("deliveries-again", "/admin/journeys/deliveries/all/retry/", "main form"),
    Screen("senders", "/admin/journeys/senders/", "main tbody tr"),
    Screen("sender", "{sender}", ".dxp-out__facts"),
    Screen("new-sender", "/admin/journeys/senders/new/", ".dxp-ways h2"),
    Screen("new-sender-form", "/admin/journeys/senders/new/sms/http/", "main form"),
    Screen("suppressed", "/admin/journeys/suppressed/", "main"),
    Screen("new-suppressed", "/admin/journeys/suppressed/new/", "main form"),
    Screen("caps", "/admin/journeys/caps/", "main"),
    Screen("new-cap", "/admin/journeys/caps/new/", "main form"),
    Screen("quiet-hours", "/admin/journeys/quiet-hours/", "main"),
    Screen("new-quiet-hours", "/admin/journeys/quiet-hours/new/", "main form"),
    Screen("tokens", "/admin/tokens/", "main form"),
    Screen("reviews", "/admin/reviews/", "main tbody tr"),
    Screen("review", "{review}", "main form"),
    Screen("background", "/admin/background/", "main"),
    Screen("week", "/admin/reports/home/", ".dxp-tiles"),
    Screen("traffic", "/admin/reports/traffic/", ".dxp-chart svg"),
    Screen("traffic-pages", "/admin/reports/traffic/?part=pages&compare=1", "main tbody tr"),
    Screen("lake", "/admin/reports/lake/", ".dxp-tiles"),
    Screen("questions", "/admin/reports/questions/", "main"),
    Screen("new-question", "/admin/reports/questions/new/", ".dxp-kinds a"),
    Screen("blank-question", "/admin/reports/questions/new/?kind=trend", ".dxp-ask__who"),
    Screen("funnel", f"/admin/reports/funnel/?{STEPS}", ".dxp-chart svg"),
    Screen("people-of-number", "{people}", "main tbody tr"),
]

# Elements that stand outside the window, though no box around them can be scrolled to them. Hidden
# for the eye only, and what slides in beside Wagtail's editor or its fields, are no such elements.
CUT_OFF = """(width) => {
  const reachable = (element) => {
    // In a part that is folded up.
    if (!element.checkVisibility()) return true;
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.position === "fixed" || style.visibility === "hidden") return true;
      if (style.clipPath !== "none" || style.clip !== "auto" || box.clientWidth === 1) return true;
      if (box.matches(".w-minimap, .w-field__comment-button")) return true;
      if (box !== element && ["auto", "scroll"].includes(style.overflowX)) return true;
    }
    return false;
  };
  const isOutside = (element) => {
    const { left, right, width: size, height } = element.getBoundingClientRect();
    return size > 1 && height > 1 && (left < -1 || right > width + 1) && !reachable(element);
  };
  // Inside a drawing words count; those of a legend that is turned by arrows are clipped.
  const counts = (element) =>
    !element.ownerSVGElement || (element.matches("text") && !element.closest("[clip-path]"));
  return [...document.querySelectorAll("main *")]
    .filter((element) => counts(element) && isOutside(element) && !isOutside(element.parentElement))
    .map((element) => element.outerHTML.slice(0, 160));
}"""
# Colors on their way from light to dark are nobody's.
SETTLED = """() => {
  const inside = [...document.querySelectorAll("iframe")].map((one) => one.contentDocument);
  const moving = () =>
    [document, ...inside]
      .flatMap((one) => one?.getAnimations() ?? [])
      .filter((one) => "transitionProperty" in one);
  for (let all = moving(), turns = 0; all.length && turns < 9; all = moving(), turns += 1)
    all.forEach((one) => one.finish());
}"""
FAULTS = """async ([only, theirs]) => {
  const { violations } = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
  const isTheirs = (rule, target) => {
    const element = document.querySelector(target);
    return theirs.some(([selector, its]) => its === rule && element?.closest(selector));
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes
      .filter(({ target }) => !isTheirs(id, target[0]))
      .map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`),
  );
}"""


class Window:
    """A visitor and a member of staff in one form of the browser, and what went wrong there."""

    def __init__(self, browser, house, form: str) -> None:
        self.width = FORMS[form]["viewport"]["width"]
        # A page in the dark is the same page: no need to ask for it again.
        self.schemes = ["light", "dark"] if form == "desk" else ["light"]
        self.contexts = [
            browser.new_context(base_url=house.address, bypass_csp=True, **FORMS[form])
            for _ in range(2)
        ]
        self.visitor, self.staff = (context.new_page() for context in self.contexts)
        self.wrong: list[str] = []
        for page in (self.visitor, self.staff):
            page.on("console", self._hear)
            page.on("pageerror", lambda error: self.wrong.append(str(error)))
            page.on("response", self._look)
        sign_in(self.staff, house)

    def _hear(self, message) -> None:
        # What failed to load is told with its address by _look; what Wagtail's own checker finds in
        # a previewed page is for its editor; a draft that a guest looks at runs no script.
        known = ("Failed to load resource", "axe.run results", "Blocked script execution")
        if message.type == "error" and not any(one in message.text for one in known):
            self.wrong.append(message.text)

    def _look(self, response) -> None:
        asked_for = response.request.is_navigation_request()
        if response.status >= 500 or (response.status >= 400 and not asked_for):
            self.wrong.append(f"{response.status} {response.url}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture(scope="module", params=["desk", "phone"])
def window(browser, house, request):
    window = Window(browser, house, request.param)
    yield window
    window.close()


def _document(page, link) -> str:
    """Upload a document, and return where its links are."""
    page.goto("/admin/documents/add/")
    file = {"name": "fees.txt", "mimeType": "text/plain", "buffer": b"Fees"}
    page.set_input_files("input[type=file]", file)
    page.fill("#id_title", "Fees")
    page.click("main button[type=submit], main input[type=submit]")
    edit = link("/admin/documents/", "tbody a[href*='/documents/edit/']")
    return re.sub(r"/documents/edit/(\d+)/", r"/files/documents/\1/links/", edit)


@pytest.fixture(scope="module")
def places(browser, house, mailbox):
    """The addresses that are known only in this house, found by following links."""
    context = browser.new_context(base_url=house.address)
    page = context.new_page()
    page.set_default_timeout(30_000)
    found = {}

    def link(at: str, selector: str) -> str:
        if at:
            page.goto(at)
        return page.locator(selector).first.get_attribute("href")

    found["article"] = link("/insights/", "main a[href^='/insights/']:not([href*='?'])")
    page.goto(found["article"])
    number = page.locator("body").get_attribute("data-page")
    found["page_editor"] = f"/admin/pages/{number}/edit/"
    found["product"] = link("/products/", "main a[href^='/products/']")
    page.goto("/")
    found["look_as"] = f"/admin/look/{page.locator('body').get_attribute('data-page')}/?as_="
    sign_in(page, house)
    _reject_one(page)
    found["document_links"] = _document(page, link)
    found["review"], found["guest"] = _review(page, link)
    found["answers"] = link("/admin/form-builder/", "tbody a[href$='/answers/']")
    found["form"] = found["answers"].replace("/answers/", "/").replace("builder/", "builder/edit/")
    found["answer"] = link(found["answers"], "tbody td.title a")
    found["facet"] = link("/admin/content/facets/", "tbody a:has-text('Life')")
    found["quality"] = found["facet"].replace("/tree/", "/quality/")
    found["waiting"] = found["facet"].replace("/tree/", "/waiting/")
    found["term"] = link(found["facet"], ".dxp-tree a")
    segment = link("/admin/customers/segments/", "tbody a:has-text('New subscribers')")
    found["segment_page"] = segment
    found["members"] = segment.replace("/inspect/", "/members/")
    found["segment"] = segment.replace("/inspect/", "/edit/")
    found["who"] = segment.replace("/inspect/", "/why/")
    found["profile"] = link(found["members"], "tbody a")
    found["why"] = link("", "tbody a:has-text('Why?')")
    found["list"] = link("/admin/customers/lists/", "tbody a")
    found["source"] = link("/admin/customers/sources/", "tbody a:has-text('Website')")
    found["live"] = found["source"].replace("/inspect/", "/live/")
    found["rejected"] = link("/admin/customers/rejected/", "tbody a[href*='/inspect/']")
    found["merge"] = re.sub(r"inspect/(\d+)/", r"\1/merge/", found["profile"])
    found["merge_with"] = link(f"{found['merge']}?q=a", "main a[href*='/merge/']")
    found["trait"] = link("/admin/customers/traits/", "tbody a[href*='/edit/']")
    found["limit"] = link("/admin/customers/limits/", "tbody a[href*='/edit/']")
    found["journey"] = link("/admin/journeys/journeys/", "tbody a:has-text('Welcome')")
    found["step"] = _counted(page, found["journey"])
    found["trace"] = link(found["step"], "tbody a")
    found["pages"] = re.sub(r"edit/(\d+)/", r"\1/", found["journey"])
    found["message"] = link("/admin/journeys/messages/", "tbody a:has-text('Welcome letter')")
    found["test"] = found["message"].replace("/edit/", "/test/")
    found["look"] = found["message"].replace("/edit/", "/look/")
    found["delivery"] = link("/admin/journeys/deliveries/", "tbody a[href*='/deliveries/']")
    found["sender"] = link("/admin/journeys/senders/", "tbody a[href*='/edit/']")
    found["people"] = link(f"/admin/reports/funnel/?{STEPS}", "#steps tbody a")
    found["leave"] = _leave(mailbox)
    found["preferences"] = _settings(mailbox)
    context.close()
    return found


def _counted(page, journey: str) -> str:
    """Return the link to those who passed a step; a house that has just begun still counts them."""
    link = page.locator(".dxp-outline__tally a[href$='show=passed']").first
    for _again in range(60):
        page.goto(journey)
        try:
            return link.get_attribute("href", timeout=2000)
        except TimeoutError:
            continue
    raise AssertionError("Nobody passed a step within two minutes.")


def _reject_one(page) -> None:
    """Send an event that can't be accepted, so that the list of those shows one."""
    page.goto("/admin/customers/sources/")
    page.click("tbody a:has-text('Website')")
    key = page.locator(".dxp-key code").inner_text()
    bad = {"type": "track", "event": "Order Completed"}
    page.request.post("/v1/batch", data={"writeKey": key, "batch": [bad]})


def _review(page, link) -> tuple[str, str]:
    """Let somebody see a draft under review; return where it is, and the guest's address."""
    address = link("/admin/reviews/", "main tbody a:has-text('Open on Saturdays')")
    page.goto(address)
    page.fill("[name=name]", "Dr. Vega, lawyer")
    page.click("button:has-text('Make the link')")
    guest = page.locator(".dxp-review__link code").inner_text()
    other = page.context.browser.new_page()
    other.goto(guest)
    other.fill("textarea", "Is the first Saturday a day on which we are insured?")
    other.click("button[value=remark]")
    other.close()
    return address, guest


def _letters(mailbox) -> list[Any]:
    """Return letters to customers; notices to colleagues are none."""
    return [one for one in mailbox.messages if one["List-Unsubscribe"]]


def _leave(mailbox) -> str:
    """Return the address behind "Unsubscribe" in any letter."""
    deadline = time.monotonic() + 20
    while not _letters(mailbox) and time.monotonic() < deadline:
        time.sleep(0.05)
    return re.search(r"/u/[^>\s]+", _letters(mailbox)[0]["List-Unsubscribe"]).group(0)


def _settings(mailbox) -> str:
    """Return the address of the page that a letter's "Choose what you get" leads to."""
    letter = _letters(mailbox)[0]
    text = letter.get_body(("plain",)).get_content()
    return re.search(r"/preferences/[^>\s]+", text).group(0)


def check(page, window: Window, screen: Screen, places: dict[str, str]) -> None:
    """Open a screen; nobody is shut out, nothing is cut off, nothing breaks."""
    window.wrong.clear()
    answer = page.goto(screen.address.format(**places))
    assert answer.status == screen.status
    page.locator(screen.ready).first.wait_for(timeout=30_000)

    for scheme in window.schemes:
        page.emulate_media(color_scheme=scheme)
        if scheme == "dark" and page.locator(".w-minimap").count():
            # Wagtail's outline beside its editor keeps the colors in which the page was loaded.
            page.reload()
            page.locator(screen.ready).first.wait_for(timeout=30_000)
        if not page.evaluate("'axe' in window"):
            page.add_script_tag(path=AXE)
        page.evaluate(SETTLED)
        rules = TAGS if scheme == "light" else COLORS
        assert (scheme, page.evaluate(FAULTS, [rules, WAGTAILS])) == (scheme, [])
    page.emulate_media(color_scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth") <= window.width
    assert page.evaluate(CUT_OFF, window.width) == []
    assert window.wrong == []


@pytest.mark.parametrize("screen", SITE, ids=lambda screen: screen.name)
def test_site(window, screen, places):
    check(window.visitor, window, screen, places)


@pytest.mark.parametrize("screen", ADMIN, ids=lambda screen: screen.name)
def test_admin(window, screen, places):
    check(window.staff, window, screen, places)
