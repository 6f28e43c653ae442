"""Before consent nothing is kept; afterwards one cookie, and the decision with its proof."""

from __future__ import annotations

import pytest

from customers import consent
from customers.models import Alias, ConsentEntry, Inbox, Profile

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


def decide(visitor, choice, **headers):
    return visitor.post(
        "/_x/consent",
        {"choice": choice, "page": "/letter/"},
        content_type="application/json",
        headers=headers or OURS,
    )


class TestConsent:
    def test_nothing_is_kept_of_who_only_reads(self, pages, chen):
        for path in ("/", "/insights/cash/", "/cookies/", "/search/?q=cash", "/_x/slots?page=1"):
            assert not chen.get(path).cookies

        assert not Inbox.objects.exists()
        assert not Profile.objects.exists()

    def test_accepting_sets_one_readable_cookie_and_keeps_the_proof(self, pages, chen):
        answer = decide(chen, "accept")

        cookie = answer.cookies["dxp_aid"]
        entry = ConsentEntry.objects.get()
        assert answer.status_code == 200
        assert (cookie["samesite"], cookie["path"], cookie["httponly"]) == ("Lax", "/", "")
        assert cookie["max-age"] == 365 * 24 * 3600
        assert entry.state == "GRANTED"
        assert entry.evidence["page"] == "/letter/"
        assert entry.evidence["notice"]
        assert entry.evidence["address"] == "127.0.0.0"
        assert consent.tracking_allowed(alias=Alias.objects.get(value=cookie.value))

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

        alias = Alias.objects.get(value=ana.aid)
        assert answer.cookies["dxp_aid"]["max-age"] == 0
        assert not consent.tracking_allowed(alias=alias)

    def test_works_without_javascript(self, pages, chen):
        answer = chen.post("/_x/consent", {"choice": "accept", "page": "/letter/"}, headers=OURS)

        assert (answer.status_code, answer["Location"]) == (303, "/letter/")
        assert answer.cookies["dxp_aid"].value

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
