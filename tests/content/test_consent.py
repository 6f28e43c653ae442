"""Before consent nothing is kept; afterwards one cookie, and the decision with its proof."""

from __future__ import annotations

import pytest

from customers import consent
from customers.models import Alias, ConsentEntry, Inbox, Profile
from dxp.lib.clock import now

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


def decide(visitor, choice, **headers):
    return visitor.post(
        "/_x/consent",
        {"choice": choice, "page": "/letter/"},
        content_type="application/json",
        headers=headers or OURS,
    )


def allowed(aid):
    """Return what may be done with what a visitor does."""
    alias = Alias.objects.get(value=aid)
    purposes = ("tracking", "personalization")
    return {one for one in purposes if consent.may(purpose=one, aliases=[alias.pk], at=now())}


class TestConsent:
    def test_nothing_is_kept_of_who_only_reads(self, pages, chen):
        for path in ("/", "/insights/cash/", "/cookies/", "/search/?q=cash", "/_x/slots?page=1"):
            assert not chen.get(path).cookies

        assert not Inbox.objects.exists()
        assert not Profile.objects.exists()

    def test_accepting_sets_one_readable_cookie_and_keeps_the_proof(self, pages, chen):
        answer = decide(chen, "accept")

        cookie = answer.cookies["dxp_aid"]
        entry = ConsentEntry.objects.get(purpose="tracking")
        assert answer.status_code == 200
        assert (cookie["samesite"], cookie["path"], cookie["httponly"]) == ("Lax", "/", "")
        assert cookie["max-age"] == 365 * 24 * 3600
        assert entry.state == "GRANTED"
        assert entry.evidence["page"] == "/letter/"
        assert "With your permission we keep one cookie" in entry.notice.text
        assert "We count which pages are read and how long" in entry.notice.text
        assert entry.evidence["address"] == "127.0.0.0"
        assert allowed(cookie.value) == {"tracking", "personalization"}

    def test_cookie_is_secure_over_https(self, pages, chen):
        answer = chen.post("/_x/consent", {"choice": "accept"}, headers=OURS, secure=True)

        assert answer.cookies["dxp_aid"]["secure"]

    def test_rejecting_leaves_no_person_behind(self, pages, chen):
        answer = decide(chen, "reject")

        assert answer.cookies["dxp_no"].value == "1"
        assert answer.cookies["dxp_aid"].value == ""
        assert not Profile.objects.exists()
        assert not ConsentEntry.objects.exists()

    def test_withdrawing_deletes_the_cookie_and_is_written_down(self, pages, ana):
        answer = decide(ana, "reject")

        assert answer.cookies["dxp_aid"]["max-age"] == 0
        assert allowed(ana.aid) == set()

    def test_works_without_javascript(self, pages, chen):
        answer = chen.post("/_x/consent", {"choice": "accept", "page": "/letter/"}, headers=OURS)

        assert (answer.status_code, answer["Location"]) == (303, "/letter/")
        assert answer.cookies["dxp_aid"].value

    def test_may_be_given_for_one_use_and_not_for_another(self, pages, chen):
        answer = chen.post(
            "/_x/consent", {"choice": "choose", "purposes": ["personalization"]}, headers=OURS
        )

        assert allowed(answer.cookies["dxp_aid"].value) == {"personalization"}
        assert answer.cookies["dxp_no"].value == "tracking"

    def test_choosing_nothing_is_a_refusal(self, pages, chen):
        answer = chen.post("/_x/consent", {"choice": "choose"}, headers=OURS)

        assert answer.cookies["dxp_no"].value == "1"
        assert not Profile.objects.exists()

    def test_against_the_wish_of_the_browser_is_kept_with_that_wish(self, pages, chen):
        decide(chen, "accept", **OURS, **{"Sec-GPC": "1"})

        assert {entry.evidence["signals"][0] for entry in ConsentEntry.objects.all()} == {"Sec-GPC"}

    def test_pitfall_23_withdrawn_is_over_at_once_and_makes_no_new_visitor(self, pages, ana):
        answer = decide(ana, "reject")
        assert answer.cookies["dxp_aid"]["max-age"] == 0
        people = Profile.objects.count()

        for path in ("/", "/insights/cash/", f"/_x/slots?page={pages.home.pk}&s={pages.slot}"):
            page = ana.get(path)
            assert page.status_code == 200
            assert not page.cookies
        decide(ana, "reject")

        assert "dxp_aid" not in {name for name, one in ana.cookies.items() if one.value}
        assert Profile.objects.count() == people

    def test_pitfall_23_allowed_twice_is_one_visitor(self, pages, chen):
        first = decide(chen, "accept").cookies["dxp_aid"].value
        second = decide(chen, "accept").cookies["dxp_aid"].value

        assert first == second
        assert Profile.objects.count() == 1

    @pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:1"])
    def test_never_leads_elsewhere(self, pages, chen, page):
        answer = chen.post("/_x/consent", {"choice": "accept", "page": page}, headers=OURS)

        assert answer["Location"] == "/cookies/"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Referer": "https://evil.example/testserver"},
            {"Accept": "*/*"},
        ],
    )
    def test_is_not_given_by_other_sites(self, pages, chen, headers):
        assert decide(chen, "accept", **headers).status_code == 403
        assert not ConsentEntry.objects.exists()

        assert decide(chen, "accept", Origin="http://testserver").status_code == 200
        assert ConsentEntry.objects.exists()

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"choice": "maybe"}', b"\xff"])
    def test_nonsense_is_refused(self, pages, chen, body):
        answer = chen.post("/_x/consent", body, content_type="application/json", headers=OURS)

        assert answer.status_code == 400
        assert not answer.cookies
