"""The site's scripts in a real browser, against answers that we choose: slow, broken, late, good.

Pages are rendered first and then served to the browser from memory, since Django refuses its
database while Playwright's loop runs.
"""

from __future__ import annotations

import json
import mimetypes
import re
import shutil
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import sync_playwright

from content.models import Form, StandardPage

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SITE = "http://site.test"
AID = "0190f3f4-0000-7000-8000-000000000001"
SHIFTS = """new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift = (window.shift ?? 0) + entry.value;
}).observe({ type: "layout-shift", buffered: true });"""

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
]


class Visit:
    """One browser on the site; `sent` holds what left it for our server, pages and files aside."""

    def __init__(self, context, pages, answers):
        self.page = context.new_page()
        self.context, self.pages, self.answers = context, pages, answers
        self.sent = []
        self.page.add_init_script(SHIFTS)
        context.route("**/*", self._answer)

    def _answer(self, route):
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            kind = mimetypes.guess_type(path)[0]
            return route.fulfill(body=(ROOT / path[1:]).read_bytes(), content_type=kind)
        if path in self.pages:
            kind = "text/css" if path.endswith(".css") else "text/html"
            return route.fulfill(body=self.pages[path], content_type=kind)
        self.sent.append((path, route.request.post_data))
        answer = self.answers.get(path, {"status": 404})
        return answer(route) if callable(answer) else route.fulfill(**answer)

    def open(self, path):
        self.page.goto(SITE + path)

    def events(self):
        return [json.loads(body) for path, body in self.sent if path.startswith("/v1/")]

    def wait(self, met, patience=5.0):
        deadline = time.monotonic() + patience
        while not met() and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        return met()


@pytest.fixture
def visit(pages, chen):
    shown = ["/", "/insights/cash/", "/letter/", "/letter/thanks/"]
    rendered = {path: chen.get(path).content for path in shown}
    sheet = re.search(r'href="(/site\.\w+\.css)"', rendered["/"].decode()).group(1)
    rendered[sheet] = chen.get(sheet).content

    @contextmanager
    def browse(*, cookies=None, answers=None):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
            )
            context = browser.new_context()
            context.add_cookies([
                {"name": k, "value": v, "url": SITE} for k, v in (cookies or {}).items()
            ])
            yield Visit(context, rendered, answers or {})
            browser.close()

    return browse


def slot_answer(pages, html):
    decision = {pages.slot: {"html": html, "variant": "v1", "reason": "segment"}}
    return {"body": json.dumps(decision), "content_type": "application/json"}


TAKEN = {"/v1/p": {"status": 200}, "/v1/t": {"status": 200}}


class TestBeforeConsent:
    @pytest.mark.parametrize("cookies", [{}, {"dxp_no": "1"}])
    def test_browser_keeps_and_sends_nothing(self, visit, cookies):
        with visit(cookies=cookies) as chen:
            for path in ("/", "/insights/cash/"):
                chen.open(path)
                chen.page.evaluate("window.dxp.track('Clicked', {})")
                chen.page.wait_for_timeout(200)

            assert chen.sent == []
            assert {cookie["name"] for cookie in chen.context.cookies()} == set(cookies)
            assert chen.page.evaluate("localStorage.length + sessionStorage.length") == 0
            assert chen.page.is_visible("[data-consent]") is not bool(cookies)


class TestConsentBanner:
    def test_accepting_tracks_the_page_that_is_open(self, visit):
        accepted = {"body": "{}", "headers": {"Set-Cookie": f"dxp_aid={AID}; Path=/"}}
        with visit(answers={"/_x/consent": accepted, **TAKEN}) as ana:
            ana.open("/insights/cash/")
            ana.page.click("[data-consent] button[value=accept]")

            assert ana.wait(lambda: len(ana.events()) == 2)
            page, article = ana.events()
            assert json.loads(ana.sent[0][1]) == {"choice": "accept", "page": "/insights/cash/"}
            assert (page["type"], page["properties"]["path"]) == ("page", "/insights/cash/")
            assert article["event"] == "Article Viewed"
            assert article["properties"]["topic"] == "Planning"
            assert page["anonymousId"] == article["anonymousId"] == AID
            assert not ana.page.is_visible("[data-consent]")

    def test_question_stays_open_when_nobody_wrote_it_down(self, visit):
        with visit(answers={"/_x/consent": {"status": 503}}) as chen:
            chen.open("/")
            chen.page.click("[data-consent] button[value=accept]")
            chen.page.wait_for_timeout(200)

            assert chen.page.is_visible("[data-consent]")
            assert chen.events() == []

    def test_takes_a_choice_of_single_uses(self, visit):
        chosen = {
            "body": "{}",
            "headers": {"Set-Cookie": f"dxp_aid={AID}; Path=/\ndxp_no=tracking; Path=/"},
        }
        with visit(answers={"/_x/consent": chosen, "/_x/slots": {"body": "{}"}}) as ana:
            ana.open("/")
            ana.page.click("[data-consent] summary")
            ana.page.check("[data-consent] [value=personalization]")
            ana.page.click("[data-consent] button[value=choose]")

            # Her slots are filled, what waits for her is shown; what she does is told to nobody.
            assert ana.wait(lambda: len(ana.sent) == 3)
            assert json.loads(ana.sent[0][1]) == {
                "choice": "choose", "page": "/", "purposes": ["personalization"],
            }  # fmt: skip
            assert {path for path, _body in ana.sent[1:]} == {"/_x/slots", "/_x/onsite"}
            ana.open("/insights/cash/")
            ana.page.wait_for_timeout(200)
            assert ana.events() == []

    def test_yes_and_no_weigh_the_same(self, visit):
        with visit() as chen:
            chen.open("/")
            yes, no = (
                chen.page.locator(f"[data-consent] button[value={choice}]").evaluate(
                    """(button) => {
                      const { color, backgroundColor, borderColor, fontSize, fontWeight } =
                        getComputedStyle(button);
                      const { width, height } = button.getBoundingClientRect();
                      return [color, backgroundColor, borderColor, fontSize, fontWeight,
                        Math.round(width), Math.round(height)];
                    }"""
                )
                for choice in ("accept", "reject")
            )
            assert yes == no

    @pytest.mark.parametrize("signal", ["globalPrivacyControl: true", "doNotTrack: '1'"])
    def test_takes_the_wish_of_the_browser_for_a_no(self, visit, signal):
        with visit(answers=TAKEN) as chen:
            name, value = signal.split(": ")
            chen.page.add_init_script(
                f"Object.defineProperty(Navigator.prototype, '{name}', {{ get: () => {value} }});"
            )
            for path in ("/", "/insights/cash/"):
                chen.open(path)
                chen.page.wait_for_timeout(200)

                assert not chen.page.is_visible("[data-consent]")
            assert chen.sent == []
            assert chen.context.cookies() == []

            # The way to say otherwise stays open.
            chen.page.click("[data-cookie-settings]")
            assert chen.page.is_visible("[data-consent]")

    def test_pitfall_23_withdrawing_stops_the_tracker_at_once_on_every_page(self, visit):
        gone = {
            "body": "{}",
            "headers": {"Set-Cookie": "dxp_aid=; Max-Age=0; Path=/\ndxp_no=1; Path=/"},
        }
        with visit(cookies={"dxp_aid": AID}, answers={"/_x/consent": gone, **TAKEN}) as ana:
            ana.open("/insights/cash/")
            assert ana.wait(lambda: len(ana.events()) == 2)
            ana.page.click("[data-cookie-settings]")
            ana.page.click("[data-consent] button[value=reject]")
            ana.page.wait_for_selector("[data-consent]", state="hidden")
            ana.page.evaluate("window.dxp.track('Clicked', {})")
            for path in ("/", "/insights/cash/", "/letter/"):
                ana.open(path)
                ana.page.wait_for_timeout(150)

                assert not ana.page.is_visible("[data-consent]")
            assert len(ana.events()) == 2
            assert {one["name"]: one["value"] for one in ana.context.cookies()} == {"dxp_no": "1"}


class TestHowTheyCame:
    def test_is_told_with_the_slots_and_kept_for_the_visit(self, visit):
        asked = []

        def answer(route):
            asked.append(parse_qs(urlsplit(route.request.url).query))
            route.fulfill(body="{}")

        with visit(cookies={"dxp_aid": AID}, answers={"/_x/slots": answer, **TAKEN}) as ana:
            ana.open("/?utm_campaign=spring&utm_source=news")
            assert ana.wait(lambda: len(asked) == 1)
            ana.open("/")
            assert ana.wait(lambda: len(asked) == 2)

        for told in asked:
            assert (told["campaign"], told["source"], told["visits"]) == (
                ["spring"],
                ["news"],
                ["1"],
            )
            assert told["zone"]

    def test_is_forgotten_with_the_consent(self, visit):
        cookies = {"dxp_aid": AID, "dxp_no": "personalization", "dxp_ctx": "visits=3"}
        with visit(cookies=cookies, answers=TAKEN) as ana:
            ana.open("/")
            ana.page.wait_for_timeout(200)

            assert "dxp_ctx" not in {cookie["name"] for cookie in ana.context.cookies()}
            assert "/_x/slots" not in [path for path, _ in ana.sent]


class TestSlots:
    def test_person_who_said_yes_and_no_is_asked_again(self, visit, pages):
        decision = {pages.slot: {"html": None, "variant": "default", "reason": "ask-again"}}
        answers = {"/_x/slots": {"body": json.dumps(decision)}, **TAKEN}
        with visit(cookies={"dxp_aid": AID}, answers=answers) as ana:
            ana.open("/")
            ana.page.wait_for_selector("[data-consent]")

            assert "You answered differently" in ana.page.inner_text("[data-consent]")

    def test_variant_takes_its_place_without_a_jump(self, visit, pages):
        answers = {"/_x/slots": slot_answer(pages, "<p>Welcome back</p>"), **TAKEN}
        with visit(cookies={"dxp_aid": AID}, answers=answers) as ana:
            ana.open("/")
            ana.page.wait_for_selector("text=Welcome back")
            ana.page.wait_for_timeout(200)

            assert ana.page.inner_text("dxp-slot") == "Welcome back"
            assert ana.page.evaluate("window.shift ?? 0") == 0
            assert [path for path, _ in ana.sent].count("/_x/slots") == 1

    def test_default_stays_under_who_is_at_it(self, visit, pages):
        answer, held = slot_answer(pages, "<p>Welcome back</p>"), []
        with visit(cookies={"dxp_aid": AID}, answers={"/_x/slots": held.append, **TAKEN}) as ana:
            ana.open("/")
            assert ana.wait(lambda: held)
            ana.page.evaluate("""() => {
              const place = document.querySelector("dxp-slot").firstElementChild;
              place.tabIndex = -1;
              place.focus();
            }""")
            held[0].fulfill(**answer)
            ana.page.wait_for_timeout(200)

            assert "New here?" in ana.page.inner_text("dxp-slot")

    def test_default_stays_whatever_goes_wrong(self, visit):
        faults = [lambda route: route.abort(), {"status": 500}, {"body": "<html>"}]
        with visit(cookies={"dxp_aid": AID}, answers=TAKEN) as ana:
            for number, fault in enumerate(faults, 1):
                ana.answers = {**TAKEN, "/_x/slots": fault}
                ana.open("/")
                ana.page.wait_for_timeout(200)

                assert "New here?" in ana.page.inner_text("dxp-slot")
                assert [path for path, _ in ana.sent].count("/_x/slots") == number

    def test_default_stays_when_the_answer_is_late(self, visit, pages):
        late, held = slot_answer(pages, "<p>Too late</p>"), []
        with visit(cookies={"dxp_aid": AID}, answers={"/_x/slots": held.append, **TAKEN}) as ana:
            ana.open("/")
            ana.page.wait_for_timeout(1800)
            held[0].fulfill(**late)
            ana.page.wait_for_timeout(200)

            assert "New here?" in ana.page.inner_text("dxp-slot")


class TestTracker:
    def test_tells_the_campaign_and_tries_again_with_the_same_id(self, visit):
        answers = dict(TAKEN)
        answers["/v1/p"] = {"status": 503}
        with visit(cookies={"dxp_aid": AID}, answers=answers) as ana:
            ana.open("/letter/?utm_source=mail&utm_campaign=autumn")
            assert ana.wait(lambda: len(ana.events()) == 1)
            ana.answers["/v1/p"] = {"status": 200}

            assert ana.wait(lambda: len(ana.events()) == 2)
            first, second = ana.events()
            assert first["context"]["campaign"] == {"source": "mail", "name": "autumn"}
            assert first["messageId"] == second["messageId"]

    def test_forgets_its_queue_when_consent_ends(self, visit):
        with visit(cookies={"dxp_aid": AID}, answers={"/v1/p": {"status": 503}}) as ana:
            ana.open("/letter/")
            assert ana.wait(lambda: len(ana.events()) == 1)
            ana.context.clear_cookies()
            ana.page.wait_for_timeout(1500)

            assert len(ana.events()) == 1

    def test_who_leaves_before_the_first_answer_takes_along_what_waits(self, slow):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page()
            page.goto(f"{slow.address}/fees/")
            page.evaluate("dxp.track('Fee Looked Up')")
            assert slow.heard.acquire(timeout=10)
            assert slow.told == ["page"]

            page.goto(f"{slow.address}/done.txt")

            # The one that hangs is told again, under the number that it had.
            assert slow.heard.acquire(timeout=10)
            assert slow.heard.acquire(timeout=10)
            assert sorted(slow.told) == ["Fee Looked Up", "page", "page"]
            assert len(set(slow.numbers)) == 2
            browser.close()


class Slow(ThreadingHTTPServer):
    """Pages with our tracker; whatever it tells is heard and not answered while anybody waits.

    A real server: what a page sends as it is left passes by those who look into a browser.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Slow)
        self.address = f"http://localhost:{self.server_port}"
        self.told, self.numbers = [], []
        self.heard, self.over = threading.Semaphore(0), threading.Event()


class _Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        kinds = {".js": "text/javascript", ".txt": "text/plain"}
        body = b"Done"
        if self.path.endswith(".js"):
            body = (ROOT / "static/js/track.js").read_bytes()
        elif self.path.endswith("/"):
            told = "data-write-key=k data-endpoint=/v1"
            body = f'<body><script src="/track.js" type=module {told}></script>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", kinds.get(Path(self.path).suffix, "text/html"))
        self.send_header("Set-Cookie", f"dxp_aid={AID}; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append(event.get("event", event["type"]))
        self.server.numbers.append(event["messageId"])
        self.server.heard.release()
        self.server.over.wait(30)

    def log_message(self, *about):
        pass


@pytest.fixture
def slow():
    server = Slow()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


class TestSignUpForm:
    def test_tells_faults_beside_their_fields(self, visit):
        faults = {"errors": {"email": "Where to?", "consent": "Please tick."}}
        refused = {"status": 422, "body": json.dumps(faults), "content_type": "application/json"}
        with visit(answers={"/_x/sign-up": refused}) as chen:
            chen.open("/letter/")
            chen.page.fill("[name=first_name]", "Chen")
            chen.page.click("[data-sign-up] button")
            chen.page.wait_for_selector("text=Where to?")

            assert chen.page.evaluate("document.activeElement.name") == "email"
            assert chen.page.get_attribute("[name=email]", "aria-invalid") == "true"
            assert chen.page.get_attribute("[name=first_name]", "aria-invalid") is None
            assert chen.page.input_value("[name=first_name]") == "Chen"

    def test_leads_to_the_thanks(self, visit):
        done = {"body": '{"location": "/letter/thanks/"}', "content_type": "application/json"}
        with visit(answers={"/_x/sign-up": done}) as chen:
            chen.open("/letter/")
            chen.page.click("[data-sign-up] button")
            chen.page.wait_for_url("**/letter/thanks/")

            assert chen.page.inner_text("h1") == "Thanks"


@pytest.fixture
def asked(pages):
    """A form on the letter's page whose second and third question may wait, one at a time."""
    common = {"help": "", "trait": True, "kind": "text", "most": 80}
    ticked = {"help": "", "trait": True, "required": False, "waits": False}
    form = Form.objects.create(
        name="Advice",
        slug="advice",
        button="Ask",
        most_new=1,
        fields=[
            ("text", {**common, "label": "Who?", "key": "who", "required": True, "waits": False}),
            ("text", {**common, "label": "Where?", "key": "town", "required": True, "waits": True}),
            ("text", {**common, "label": "Why?", "key": "why", "required": False, "waits": True}),
            (
                "choice",
                {
                    **ticked,
                    "label": "Plan",
                    "key": "plan",
                    "choices": ["Gold", "Silver"],
                    "several": False,
                },
            ),
            (
                "choice",
                {
                    **ticked,
                    "label": "News",
                    "key": "news",
                    "choices": ["By mail", "By phone"],
                    "several": True,
                },
            ),
            ("tick", {**ticked, "label": "Are you a member?", "key": "member"}),
        ],
    )
    page = StandardPage.objects.get(pk=pages.letter.pk)
    page.body = [("form", form)]
    page.save()


def takes(values, ask, **answer):
    """Answer the question what is known, and what is sent."""

    def reply(route):
        told = {"values": values, "ask": ask} if route.request.method == "GET" else answer
        route.fulfill(status=422 if "errors" in told else 200, json=told)

    return {"/_x/form": reply}


class TestForms:
    def test_ask_what_is_not_known_and_thank_in_place(self, asked, visit):
        answers = takes({"who": "Ana"}, ["why"], thanks="We will call.")
        with visit(cookies={"dxp_aid": AID}, answers=answers) as visitor:
            visitor.open("/letter/")
            why, town = visitor.page.get_by_label("Why?"), visitor.page.get_by_label("Where?")
            why.wait_for(state="visible")

            assert visitor.page.get_by_label("Who?").input_value() == "Ana"
            assert not town.is_visible()
            why.fill("To know.")
            visitor.page.get_by_role("button", name="Ask").click()
            thanks = visitor.page.get_by_role("status").filter(has_text="We will call.")
            thanks.wait_for()
            assert visitor.page.evaluate("document.activeElement.textContent") == "We will call."
            sent = parse_qs(visitor.sent[-1][1])
        assert (sent["asked"], sent["why"], "town" in sent) == (["why"], ["To know."], False)

    def test_choose_what_is_known_and_leave_what_was_chosen(self, asked, visit):
        known = {"plan": "Gold", "news": ["By mail"], "member": True}
        with visit(cookies={"dxp_aid": AID}, answers=takes(known, None)) as visitor:
            visitor.open("/letter/")
            box = visitor.page.get_by_label
            visitor.page.wait_for_function("document.querySelector('[value=Gold]').checked")

            assert [box(one).is_checked() for one in ("Silver", "By mail", "By phone")] == [
                False, True, False,
            ]  # fmt: skip
            assert box("Are you a member?").is_checked()

    def test_tell_faults_beside_their_fields(self, asked, visit):
        answers = takes({}, None, errors={"town": "Please answer this question."})
        with visit(answers=answers) as visitor:
            visitor.open("/letter/")
            visitor.page.get_by_label("Who?").fill("Chen")
            visitor.page.get_by_role("button", name="Ask").click()
            fault = visitor.page.locator("[data-fault=town]")
            fault.wait_for(state="visible")

            assert fault.inner_text() == "Please answer this question."
            assert visitor.page.evaluate("document.activeElement.name") == "town"
            assert visitor.page.get_by_label("Who?").input_value() == "Chen"
