"""Text messages: how long they are, what gateways are told, and what comes back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers import consent, identify
from customers.models import ConsentEntry, Event
from dxp.lib import clock
from dxp.lib.gsm import parts
from journeys import ways
from journeys.channels.base import Draft, Outcome, Parcel, Unusable
from journeys.channels.sms.gateway import Http
from journeys.channels.sms.keywords import Said, said
from journeys.channels.sms.kind import Sms
from journeys.channels.sms.twilio import Twilio
from journeys.models import Delivery, Message, Report, Sender, Suppression
from tests.far import Far
from tests.journeys.benches.base import HERE

NUMBER = "+40722000001"


class TestParts:
    @pytest.mark.parametrize(
        ("text", "alphabet", "count", "left"),
        [
            ("", "GSM-7", 0, 160),
            ("a" * 160, "GSM-7", 1, 0),
            ("a" * 161, "GSM-7", 2, 145),
            ("a" * 306, "GSM-7", 2, 0),
            ("a" * 307, "GSM-7", 3, 152),
            ("€" * 80, "GSM-7", 1, 0),
            ("€" * 81, "GSM-7", 2, 143),
            ("ă" * 70, "UCS-2", 1, 0),
            ("ă" * 71, "UCS-2", 2, 63),
            ("中" * 134, "UCS-2", 2, 0),
            ("😀" * 35, "UCS-2", 1, 0),
            ("😀" * 36, "UCS-2", 2, 61),
            # An escape stays with its letter: the last place of the first part remains empty.
            ("a" * 152 + "€" + "b" * 100, "GSM-7", 2, 51),
        ],
    )
    def test_are_counted_as_phones_do(self, text, alphabet, count, left):
        found = parts(text)

        assert (found.alphabet, found.parts, found.left) == (alphabet, count, left)

    @given(st.text(max_size=400))
    def test_what_is_said_to_fit_does(self, text):
        found = parts(text)
        filler = "a" * found.left

        assert parts(text + filler).parts == max(found.parts, 1 if filler else 0)
        assert parts(text + filler + "a").parts == max(found.parts, 1) + (
            1 if text or filler else 0
        )

    def test_the_editor_is_told(self):
        advice = Sms().advise(Draft(text="Salut, bine ați venit! " * 4))

        assert "messages" in advice[0].text
        assert "ț" in advice[1].text
        assert Sms().advise(Draft(text=" "))[0].blocks
        assert Sms().advise(Draft(text="a" * 2000))[0].blocks


class TestTheText:
    def test_its_addresses_are_counted_and_others_are_not(self):
        done = Sms().render(
            Draft(text="See https://a.example/x?y=1. And {{ first_name }}: (http://b.example)"),
            site="",
        )

        assert done.links == ["", "https://a.example/x?y=1", "http://b.example"]
        assert "a.example" not in done.text
        assert done.text.endswith(")")


class TestKeywords:
    @pytest.mark.parametrize("text", ["STOP", " stop. ", "Stop!", "Arrêt", "opt-out", "STOP ALL"])
    def test_leave(self, text):
        assert said(text) is Said.STOP

    @pytest.mark.parametrize("text", ["please don't stop", "", "👍", "stop it", "the end"])
    def test_in_a_sentence_they_mean_nothing(self, text):
        assert said(text) is Said.OTHER

    def test_come_back_and_ask(self):
        assert (said("Start"), said("HELP")) == (Said.START, Said.HELP)


class TestTheTemplate:
    """What people and marketing write never changes the shape of a request."""

    @pytest.mark.parametrize("shape", ["json", "form"])
    def test_holds_whatever_is_put_in(self, shape):
        nasty = '","to":"+1"}&to=+1 {secret} {to} é\r\nX: 1'
        body = (
            "to={to}&text={text}&x={token}" if shape == "form" else '{"to":"{to}","t":["{text}"]}'
        )
        with Far() as far:
            adapter = Http({
                "url": far.url, "shape": shape, "body": body, "secret": "k3y",
                "headers": "X-Key: {secret} | X-Two: b", "networks": HERE,
            })  # fmt: skip
            list(adapter.send([Parcel(1, "", NUMBER, {"text": nasty}, "t1")]))
            sent = far.requests[0]

        if shape == "form":
            assert parse_qs(sent.body.decode()) == {"to": [NUMBER], "text": [nasty], "x": ["t1"]}
        else:
            assert json.loads(sent.body) == {"to": NUMBER, "t": [nasty]}
        assert (sent.headers["x-key"], sent.headers["x-two"]) == ("k3y", "b")

    def test_reads_where_the_id_stands_and_what_says_yes(self):
        with Far() as far:
            far.says(200, {}, b'{"messages": [{"id": 7, "status": "0"}]}')
            config = {"url": far.url, "id_path": "messages.0.id", "networks": HERE}
            sent = [Parcel(1, "", NUMBER, {"text": "x"})]
            good = Http({**config, "success": "messages.0.status=0"})
            bad = Http({**config, "success": "messages.0.status=1"})

            assert next(good.send(sent)).provider_id == "7"
            assert next(bad.send(sent)).outcome is Outcome.PERMANENT


class TestTwilio:
    """Before anything is sent, the account is asked for."""

    def ask(self, *answer):
        with Far() as far:
            far.says(*answer)
            config = {"base_url": far.url, "account": "AC1", "token": "t0ken", "from": "x"}
            adapter = Twilio(config | {"networks": HERE})
            try:
                return adapter.check()
            finally:
                assert far.requests[0].method == "GET"
                assert far.requests[0].path == "/2010-04-01/Accounts/AC1.json"

    def test_says_whose_account_it_is(self):
        told = b'{"friendly_name": "Alder", "status": "active"}'

        assert self.ask(200, {}, told) == "Alder active"

    def test_says_that_it_refuses_us_without_the_token(self):
        with pytest.raises(Unusable) as told:
            self.ask(401, {}, b"no: t0ken")
        assert str(told.value).startswith("401")
        assert "t0ken" not in str(told.value)

    def test_an_address_inside_our_network_fails_no_message(self):
        adapter = Twilio({"base_url": "http://10.0.0.1", "account": "A", "token": "b", "from": "x"})

        receipt = next(adapter.send([Parcel(1, "", NUMBER, {"text": "x"})]))

        assert receipt.outcome is Outcome.THROTTLED


@pytest.fixture
def reader(db):
    """Return somebody whom we may write to by phone, with a message that reached them."""
    at = clock.now()
    alias = identify.ensure_alias(kind="user", value="ana", at=at)
    point = identify.ensure_contact_point(
        profile_id=alias.profile_id, channel="phone", address=NUMBER, at=at
    )
    consent.record(
        purpose="marketing", channel="phone", state="GRANTED", method="form", contact_point=point,
        at=at,
    )  # fmt: skip
    return point


def write(point, sender, name="SM1"):
    at = clock.now()
    message = Message.objects.create(name=f"Text {name}", channel="sms", text="Hello")
    return Delivery.objects.create(
        profile=point.profile, message=message, sender=sender, channel="sms", seq=1, node="s1",
        enrollment_id=5, queued_at=at, due_at=at, expires_at=at, contact_point=point, state="SENT",
        sent_at=at, provider_id=name,
    )  # fmt: skip


@pytest.fixture
def twilio(db):
    return Sender.objects.create(
        name="Texts", channel="sms", adapter="twilio",
        config={"account": "AC1", "from": "+15005550006"},
        secrets=ways.seal_secrets({"token": "t0ken"}),
    )  # fmt: skip


def tell(client, sender, key="t0ken", **form):
    """Post as Twilio does, signed."""
    url = f"http://testserver/_x/sms/{sender.pk}"
    told = url + "".join(f"{name}{value}" for name, value in sorted(form.items()))
    signed = hmac.new(key.encode(), told.encode(), hashlib.sha1).digest()
    return client.post(
        f"/_x/sms/{sender.pk}", form, HTTP_X_TWILIO_SIGNATURE=base64.b64encode(signed).decode()
    )


def allowed(point):
    return consent.may(
        contact_points=[point.pk], purpose="marketing", channel="phone", at=clock.now()
    ) == {point.pk}


@pytest.mark.django_db
class TestAnswers:
    def test_stop_is_obeyed_at_once_and_start_brings_back(self, client, reader, twilio):
        write(reader, twilio)

        answer = tell(client, twilio, MessageSid="SM9", From=NUMBER, Body="Stop")

        assert answer.status_code == 200
        assert not allowed(reader)
        assert Event.objects.get(name="Message Unsubscribed").properties["message"] == "Text SM1"
        tell(client, twilio, MessageSid="SM9", From=NUMBER, Body="Stop")
        assert ConsentEntry.objects.filter(state="WITHDRAWN").count() == 1
        Suppression.objects.create(contact_point=reader, cause="refused", at=clock.now())
        tell(client, twilio, MessageSid="SM10", From=NUMBER, Body="START")
        assert allowed(reader)
        assert not Suppression.objects.exists()

    def test_start_gives_no_consent_to_who_left_another_way(self, client, reader, twilio):
        consent.record(
            purpose="marketing", channel="phone", state="WITHDRAWN", method="page",
            contact_point=reader, at=clock.now(),
        )  # fmt: skip

        Suppression.objects.create(contact_point=reader, cause="by_hand", at=clock.now())
        tell(client, twilio, MessageSid="SM10", From=NUMBER, Body="START")

        assert not allowed(reader)
        assert Suppression.objects.exists()

    def test_other_words_are_told_once(self, client, reader, twilio):
        write(reader, twilio)

        for _twice in range(2):
            tell(client, twilio, MessageSid="SM9", From=NUMBER, Body="Great, thanks!")

        assert Event.objects.get(name="Message Answered").properties["text"] == "Great, thanks!"
        assert allowed(reader)

    def test_nobody_is_believed_without_the_signature(self, client, reader, twilio):
        said = {"MessageSid": "SM9", "From": NUMBER, "Body": "STOP"}

        assert tell(client, twilio, key="guess", **said).status_code == 403
        assert client.post(f"/_x/sms/{twilio.pk}", said).status_code == 403
        assert client.get(f"/_x/sms/{twilio.pk}").status_code == 405
        assert client.post("/_x/sms/999999", said).status_code == 404
        assert allowed(reader)

    def test_strangers_and_nonsense_change_nothing(self, client, reader, twilio):
        for number in ("+40722999999", "", "nonsense", "1" * 5000):
            assert tell(client, twilio, MessageSid="S", From=number, Body="STOP").status_code == 200
        assert allowed(reader)


@pytest.mark.django_db
class TestReports:
    def test_tell_what_became_of_a_message(self, client, reader, twilio):
        delivery = write(reader, twilio)

        for _twice in range(2):
            tell(client, twilio, MessageSid="SM1", MessageStatus="delivered")

        assert Report.objects.get().kind == "delivered"
        delivery.refresh_from_db()
        assert delivery.delivered_at is not None

    def test_a_number_that_takes_no_messages_is_not_tried_again(self, client, reader, twilio):
        write(reader, twilio)

        tell(client, twilio, MessageSid="SM1", MessageStatus="undelivered", ErrorCode="30006")

        assert Report.objects.get().hard
        assert reader.pk in Report.objects.values_list("delivery__contact_point", flat=True)

    def test_any_gateway_proves_itself_by_its_key(self, client, reader):
        sender = Sender.objects.create(
            name="Any", channel="sms", adapter="http", config={"url": "https://sms.example"},
            secrets=ways.seal_secrets({"inbound": "s3cret"}),
        )  # fmt: skip
        write(reader, sender, name="m-1")
        door = f"/_x/sms/{sender.pk}"
        told = json.dumps({"id": "m-1", "status": "DELIVRD"})

        assert client.post(door, told, content_type="application/json").status_code == 403
        good = client.post(f"{door}?key=s3cret", told, content_type="application/json")
        client.post(f"{door}?key=s3cret", {"from": NUMBER, "text": "stop", "id": "in-1"})

        assert good.status_code == 200
        assert Report.objects.get().kind == "delivered"
        assert not allowed(reader)

    def test_the_callback_is_told_to_twilio(self, twilio, house):
        assert ways.make(twilio, house).config["callback"].endswith(f"/_x/sms/{twilio.pk}")
