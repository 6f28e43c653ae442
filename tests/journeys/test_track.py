"""What links in a message do, over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from customers import consent
from customers.models import ConsentEntry, ContactPoint, Event
from dxp.lib.clock import now
from journeys import advance, compose, dispatch, publish, track
from journeys.models import Delivery, Edition, Enrollment, Message, Touch
from journeys.suspect import HOLD
from tests.journeys.conftest import NOON, draw, end, happened, person, send, wait
from tests.journeys.test_advance import walk_all
from tests.journeys.test_dispatch import Answering, by
from tests.journeys.test_report import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(ana, fans, welcome, house):
    """Return the text of a letter that ana got, in a journey that waits for her click."""
    draw(fans, send(welcome), wait("Message Clicked", happened=[end("clicked")]), end("silent"))
    happened(ana, "Liked")
    walk_all(NOON)
    channel = Answering()
    dispatch.dispatch(channels=by(channel), house=house, at=NOON)
    import email
    import email.policy

    raw = email.message_from_bytes(channel.got[0].content, policy=email.policy.default)
    return raw.get_body(("html",)).get_content()


def path_of(letter, kind):
    return re.search(rf'href="https://alder\.example(/{kind}/[^"]+)"', unescape(letter))[1]


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True, headers={"User-Agent": PEOPLE})


PEOPLE = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def judge(*, after=HOLD):
    """Let some seconds pass, and the engine look."""
    at = now() + after
    judged = track.judge(at=at)
    advance.announce(at=at)
    return judged


def told():
    names = Event.objects.filter(name__regex="Opened|Clicked").order_by("id")
    return list(names.values_list("name", flat=True))


def touched():
    return [(one.kind, one.machine, one.reasons) for one in Touch.objects.order_by("id")]


class TestClick:
    def test_leads_on_and_is_told_and_wakes_the_journey(self, client, letter, ana):
        response = client.get(path_of(letter, "c"))
        assert told() == []
        judge()
        walk_all(Event.objects.latest("id").received_at)

        assert response.status_code == 302
        assert response["Location"] == "https://alder.example/news"
        assert "no-store" in response["Cache-Control"]
        event = Event.objects.get(name="Message Clicked")
        assert event.profile == ana
        assert event.properties["link"] == "https://alder.example/news"
        assert event.properties["delivery_id"] == Delivery.objects.get().pk
        assert event.properties["channel"] == "email"
        assert Enrollment.objects.get().outcome == "clicked"
        assert Delivery.objects.get().clicked_at == Touch.objects.get().at

    def test_twice_at_once_is_one(self, client, letter):
        path = path_of(letter, "c")

        answers = {client.get(path).status_code for _ in range(3)}

        assert answers == {302}
        assert judge() == 1
        assert told() == ["Message Clicked"]

    def test_a_look_at_the_head_is_no_click(self, client, letter):
        assert client.head(path_of(letter, "c")).status_code == 302

        judge()
        assert told() == ["Message Clicked by Machine"]

    @pytest.mark.parametrize("change", [
        lambda path: path.replace("/c/", "/c/x"),
        lambda path: path[:-1] + "7",
        lambda path: path[:-1] + "-1",
        lambda path: re.sub(r"/c/[^/]+", "/c/1-1.forged", path),
        lambda path: path.replace("-", "-f", 1),
    ])  # fmt: skip
    def test_a_link_that_we_did_not_make_leads_nowhere(self, client, letter, change):
        assert client.get(change(path_of(letter, "c"))).status_code == 404

        assert not Event.objects.filter(name="Message Clicked").exists()

    def test_an_unsubscribe_token_is_no_click_token(self, client, letter):
        token = path_of(letter, "u").removeprefix("/u/")

        assert client.get(f"/c/{token}/1").status_code == 404

    def test_after_the_delivery_was_deleted_the_link_still_leads_on(self, client, letter):
        Delivery.objects.all().delete()

        assert client.get(path_of(letter, "c"))["Location"] == "https://alder.example/news"

    def test_an_unknown_edition_leads_nowhere(self, client, welcome):
        token = compose.click_token(delivery=1, edition=Edition.objects.latest("pk").pk + 1)

        assert client.get(f"/c/{token}/1").status_code == 404


class TestOpening:
    @pytest.fixture
    def picture(self, letter):
        return re.search(r'src="https://alder\.example(/o/[^"]+)"', unescape(letter))[1]

    def test_a_picture_tells_that_a_person_opened_the_message(self, client, picture, ana):
        response = client.get(picture)
        judge()

        assert response.headers["Content-Type"] == "image/gif"
        assert response.content.startswith(b"GIF89a")
        assert "no-store" in response["Cache-Control"]
        assert Event.objects.get(name="Message Opened").profile == ana
        assert Delivery.objects.get().opened_at == Touch.objects.get().at

    @pytest.mark.parametrize(
        ("agent", "told_as", "reasons"),
        [
            (GMAIL, "Message Opened", []),
            ("Mozilla/5.0", "Message Opened by Machine", ["advance"]),
            ("Barracuda Sentinel (EE)", "Message Opened by Machine", ["agent"]),
            ("", "Message Opened by Machine", ["agent"]),
        ],
        ids=["Gmail's proxy", "in advance", "a gateway", "nobody"],
    )
    def test_programs_open_mails_too(self, client, picture, agent, told_as, reasons):
        client.get(picture, headers={"User-Agent": agent})
        judge()

        assert (told(), touched()) == ([told_as], [("open", bool(reasons), reasons)])
        assert bool(Delivery.objects.get().opened_at) is not bool(reasons)

    def test_a_forged_address_shows_nothing(self, client, picture):
        assert client.get(picture.replace("/o/", "/o/x")).status_code == 404
        assert touched() == []


class TestMachines:
    """What speaks for a program, and that nothing takes it for a person."""

    def links(self, letter):
        return re.findall(r'href="https://alder\.example(/c/[^"]+)"', unescape(letter))

    def test_who_calls_itself_one_wakes_no_journey(self, client, letter):
        client.get(path_of(letter, "c"), headers={"User-Agent": "python-requests/2.31"})
        judge()
        walk_all(now() + HOLD)

        assert touched() == [("click", True, ["agent"])]
        assert Enrollment.objects.get().outcome == ""
        assert Delivery.objects.get().clicked_at is None

    def test_unless_it_asks_for_programs_by_name(self, client, ana, fans, welcome, house):
        asks = "Message Clicked by Machine"
        draw(fans, send(welcome), wait(asks, happened=[end("scanned")]), end("silent"))
        happened(ana, "Liked")
        walk_all(NOON)
        dispatch.dispatch(channels=by(Answering()), house=house, at=NOON)

        client.get(click_path(Delivery.objects.get()), headers={"User-Agent": "curl/8.5.0"})
        judge()
        walk_all(now() + HOLD)

        assert Enrollment.objects.get().outcome == "scanned"

    def test_no_person_clicks_at_once_after_sending(self, client, letter):
        Delivery.objects.update(sent_at=now())

        client.get(path_of(letter, "c"))

        assert touched() == [("click", True, ["soon"])]

    def test_not_even_where_sending_was_written_down_after_the_click(self, client, letter):
        Delivery.objects.update(sent_at=None)
        client.get(path_of(letter, "c"))
        Delivery.objects.update(sent_at=now())

        judge()

        assert touched() == [("click", True, ["soon"])]

    def test_the_link_that_no_person_sees_gives_it_away(self, client, letter):
        *seen, trap = self.links(letter)
        client.get(seen[0])

        response = client.get(trap)
        judge()

        assert trap.endswith("/0")
        assert (response.status_code, response.content) == (204, b"")
        assert touched() == [("click", True, ["trap"]), ("click", True, ["trap"])]
        assert told() == ["Message Clicked by Machine"]

    @pytest.mark.parametrize(("links", "machine"), [(3, True), (4, False)], ids=["all", "some"])
    def test_all_links_within_seconds(self, client, ana, links, machine, house):
        message = Message.objects.create(
            name="Links",
            subject="Links",
            body=[("link", {"text": "Go", "url": f"/{n}", "look": "button"}) for n in range(links)],
        )
        publish.publish_message(message=message, house=house, at=NOON)
        one = deliver(ana, message, edition=message.current)

        for number in (1, 2, 3):
            client.get(click_path(one, number))
        judge()

        assert touched() == [("click", machine, ["links"] * machine)] * 3

    @pytest.mark.parametrize(("people", "machine"), [(4, False), (5, True)])
    def test_one_network_that_follows_the_links_of_many(self, client, welcome, people, machine):
        for n in range(people):
            one = deliver(person(f"p{n}"), welcome, edition=welcome.current)
            client.get(click_path(one))

        judge()

        reasons = ["crowd"] if machine else []
        assert touched() == [("click", machine, reasons)] * people

    def test_many_from_different_networks_are_people(self, client, welcome):
        for n in range(5):
            one = deliver(person(f"p{n}"), welcome, edition=welcome.current)
            client.get(click_path(one), REMOTE_ADDR=f"203.0.{n}.7")

        judge()

        assert touched() == [("click", False, [])] * 5

    def test_the_same_network_over_minutes_is_an_office(self, ana, welcome):
        for n in range(5):
            one = deliver(person(f"p{n}"), welcome, edition=welcome.current)
            track.touch(
                delivery=one.pk, kind="click", number=1, agent=PEOPLE, network="203.0.113.0",
                at=NOON + timedelta(minutes=n),
            )  # fmt: skip

        judge()

        assert touched() == [("click", False, [])] * 5

    def test_a_loop_does_not_fill_the_table(self, welcome, ana, monkeypatch):
        monkeypatch.setattr(track, "MOST_TOUCHES", 3)
        one = deliver(ana, welcome, edition=welcome.current)

        for n in range(5):
            track.touch(
                delivery=one.pk, kind="open", agent=PEOPLE, at=NOON + timedelta(minutes=n)
            )  # fmt: skip

        assert Touch.objects.count() == 3


def click_path(delivery, number=1):
    token = compose.click_token(delivery=delivery.pk, edition=delivery.edition_id)
    return f"/c/{token}/{number}"


class TestUnsubscribe:
    def may(self):
        point = ContactPoint.objects.get()
        return consent.may(
            contact_points=[point.pk], purpose="marketing", channel="email", at=now()
        )

    def test_looking_changes_nothing(self, client, letter):
        response = client.get(path_of(letter, "u"))

        assert response.status_code == 200
        assert "ana@example.com" in response.content.decode()
        assert '<form method="post">' in response.content.decode()
        assert self.may()

    @pytest.mark.parametrize("body", [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": {}},
    ], ids=["urlencoded", "multipart", "button"])  # fmt: skip
    def test_posting_does_it_at_once(self, client, letter, ana, body):
        response = client.post(path_of(letter, "u"), **body)

        assert response.status_code == 200
        assert "You are unsubscribed" in response.content.decode()
        assert not self.may()
        event = Event.objects.get(name="Message Unsubscribed")
        assert (event.profile, event.properties["message"]) == (ana, "Welcome")

    def test_twice_is_the_same_as_once(self, client, letter):
        answers = [client.post(path_of(letter, "u")).status_code for _ in range(2)]

        assert answers == [200, 200]
        assert ConsentEntry.objects.filter(state="WITHDRAWN").count() == 1
        assert Event.objects.filter(name="Message Unsubscribed").count() == 1

    def test_and_who_left_gets_no_more(self, client, letter, ana, fans, welcome, house):
        client.post(path_of(letter, "u"))
        draw(fans, send(welcome), name="Another")
        from journeys import enroll
        from journeys.models import Journey

        enroll.fill(journey=Journey.objects.get(name="Another"), at=NOON)
        walk_all(NOON)
        channel = Answering()
        dispatch.dispatch(channels=by(channel), house=house, at=NOON)

        assert channel.got == []
        assert Delivery.objects.first().reason == "no_consent"

    def test_a_forged_link_does_nothing(self, client, letter):
        path = path_of(letter, "u")

        assert client.post(f"{path}x").status_code == 404
        assert client.get("/u/1-1.forged").status_code == 404
        assert self.may()

    def test_the_link_of_a_test_message_says_so(self, client, db):
        token = compose.leave_token(contact_point=0, delivery=0)

        assert "test message" in client.get(f"/u/{token}").content.decode()
        assert client.post(f"/u/{token}").status_code == 200

    def test_the_page_loads_nothing_from_elsewhere(self, client, letter):
        response = client.get(path_of(letter, "u"))

        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert "http://" not in response.content.decode()
        assert response["Referrer-Policy"] == "no-referrer"
