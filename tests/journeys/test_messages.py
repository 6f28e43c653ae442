"""mara writes messages for every channel, looks at them as anybody, tests them; omar may not."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from customers.models import Event
from journeys.models import Message, Sender
from tests.journeys.conftest import happened
from tests.journeys.test_admin import RIGHTS, staff

pytestmark = pytest.mark.django_db
ADD = "/admin/journeys/messages/add/"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def mara(db):
    return staff("mara", [*RIGHTS, "view_segment"])


@pytest.fixture
def omar(db):
    return staff("omar", ["access_admin"])


def page(response):
    return response.content.decode()


def encoded(told):
    """As a browser might, and as no browser does."""
    pairs = ((name, one.encode("utf-8", "surrogatepass")) for name, one in told.items())
    return "&".join(f"{name}={quote_plus(one)}" for name, one in pairs)


def blocks(*kinds):
    told = {"body-count": str(len(kinds))}
    for number, (kind, value) in enumerate(kinds):
        told |= {
            f"body-{number}-deleted": "", f"body-{number}-order": str(number),
            f"body-{number}-type": kind, f"body-{number}-id": "",
        }  # fmt: skip
        given = value if isinstance(value, dict) else {"": value}
        told |= {
            f"body-{number}-value{'-' if name else ''}{name}": one for name, one in given.items()
        }
    return told


def about(channel, **told):
    sender, _made = Sender.objects.get_or_create(
        channel=channel, name=channel, defaults={"adapter": ""}
    )
    return {
        "channel": channel, "name": "News", "purpose": "marketing", "valid_hours": "24",
        "sender": str(sender.pk), **told,
    }  # fmt: skip


class TestForms:
    def test_the_channel_is_chosen_first(self, mara):
        shown = page(mara.get(ADD))

        for channel in ("email", "sms", "push", "webhook", "onsite"):
            assert f'href="?channel={channel}"' in shown

    @pytest.mark.parametrize(
        ("channel", "asked", "absent"),
        [
            ("email", ["subject", "preheader", "body"], ["text", "url"]),
            ("sms", ["text"], ["subject", "preheader", "body", "url"]),
            ("push", ["subject", "text", "url"], ["preheader", "body"]),
            ("webhook", ["url", "text"], ["subject", "body"]),
            ("onsite", ["subject", "text", "url"], ["preheader", "body"]),
        ],
    )
    def test_ask_for_what_the_channel_uses(self, mara, channel, asked, absent):
        shown = page(mara.get(ADD, {"channel": channel}))

        assert f'name="channel" value="{channel}"' in shown
        for name in asked:
            assert f'id="panel-{name}-section"' in shown
        for name in absent:
            assert f'id="panel-{name}-section"' not in shown

    def test_a_text_message_is_written_and_published(self, mara):
        text = "Your cart waits, {{ first_name|default:'you' }}".replace("'", '"')

        mara.post(ADD, about("sms", text=text, **{"action-publish": "1"}))

        message = Message.objects.get()
        assert (message.channel, message.live, message.subject) == ("sms", True, "")
        assert message.sender.channel == "sms"
        assert "cart waits" in message.current.text

    def test_what_the_channel_cannot_send_is_kept_as_a_draft_only(self, mara):
        told = about("webhook", text="{no json", url="https://hooks.example/x")

        refused = mara.post(ADD, told | {"action-publish": "1"})

        assert "This is no JSON" in page(refused)
        assert not Message.objects.exists()
        mara.post(ADD, told)
        assert Message.objects.get().live is False

    def test_a_sender_of_another_channel_is_no_choice(self, mara):
        other = Sender.objects.get(channel="email")

        shown = mara.post(ADD, about("sms", text="x") | {"sender": str(other.pk)})

        assert not Message.objects.exists()
        assert "Select a valid choice" in page(shown)

    def test_a_channel_that_nobody_knows_is_mail(self, mara):
        assert 'name="preheader"' in page(mara.get(ADD, {"channel": "pigeon"}))

    def test_lists_and_questions_are_checked_where_they_stand(self, mara):
        inner = {
            "list": "event.items; drop", "blocks-count": "1", "blocks-0-deleted": "",
            "blocks-0-order": "0", "blocks-0-type": "text", "blocks-0-id": "",
            "blocks-0-value": "{{ item.name }} {{ thing.name }}",
        }  # fmt: skip
        told = about("email", subject="x", preheader="", **blocks(("each", inner)))

        shown = page(mara.post(ADD, told | {"action-publish": "1"}))

        assert "Name a list, such as event.items." in shown
        assert "thing.name" in shown
        assert "is no variable" in shown

    def test_omar_gets_nowhere(self, omar, welcome):
        for address in (ADD, f"/admin/journeys/messages/look/{welcome.pk}/"):
            assert omar.get(address).status_code == 302
        assert omar.post("/admin/journeys/messages/advise/", {"channel": "sms"}).status_code == 302
        assert omar.get(f"/admin/journeys/messages/gaps/{welcome.pk}/").status_code == 302


class TestNotes:
    def test_the_length_of_a_text_is_told_while_one_writes(self, mara):
        answer = mara.post(
            "/admin/journeys/messages/advise/", {"channel": "sms", "text": "Ștefan, salut!"}
        )

        told = [one["text"] for one in answer.json()["advice"]]
        assert any("characters: one message" in one for one in told)
        assert any("Ș" in one for one in told)

    def test_a_link_counts_as_long_as_it_will_be(self, mara):
        told = {"channel": "sms", "text": "Look: https://alder.example/a"}

        answer = mara.post("/admin/journeys/messages/advise/", told)

        assert answer.json()["advice"][0]["text"].startswith("62 characters")

    @pytest.mark.parametrize("channel", ["email", "sms", "push", "webhook", "onsite", "pigeon"])
    def test_nothing_that_is_typed_breaks_them(self, mara, channel):
        for text in ("", "{{", "{% if %}", "x" * 30_000, "\x00", "{}", "[[[", "\ud800", "1e999"):
            told = {"channel": channel, "text": text, "subject": text, "url": text}

            answer = mara.post("/admin/journeys/messages/advise/", encoded(told), FORM)

            assert answer.status_code == 200

    def test_who_lacks_what_is_counted_over_the_real_segment(self, mara, fans, ana, chen, house):
        from journeys import publish

        for one in (ana, chen):
            happened(one, "Liked")
        message = Message.objects.create(
            name="Personal",
            subject="For {{ first_name }}",
            body=[
                ("text", '{{ trait.plan }} {{ trait.city|default:"here" }} {{ event.total }}'),
                ("only", {"question": "last_name", "blocks": [("text", "{{ email }}")]}),
            ],
        )
        publish.publish_message(message=message, house=house, at=ana.created_at)

        answer = mara.get(f"/admin/journeys/messages/gaps/{message.pk}/", {"segment": fans.pk})

        assert answer.json()["told"] == [
            "email: 1 of 2 people have none.",
            "first_name: 1 of 2 people have none.",
            "trait.plan: 2 of 2 people have none.",
        ]


class TestLooks:
    def test_anybody_can_be_chosen(self, mara, welcome, ana):
        address = f"/admin/journeys/messages/look/{welcome.pk}/"

        assert "Somebody made up" in page(mara.get(address))
        assert str(ana.public_id) in page(mara.get(address, {"q": "ana@example.com"}))
        shown = mara.get(
            f"/admin/journeys/messages/frame/{welcome.pk}/", {"person": str(ana.public_id)}
        )
        assert "Dear Ana," in page(shown)
        assert "script-src" not in shown["Content-Security-Policy"]
        assert shown["X-Frame-Options"] == "SAMEORIGIN"

    def test_with_what_they_did(self, mara, ana):
        message = Message.objects.create(
            name="Cart",
            subject="{{ event.total }}",
            body=[
                (
                    "each",
                    {"list": "event.items", "blocks": [("text", "It is {{ item.name|upper }}")]},
                )
            ],
        )
        happened(ana, "Cart Left", items=[{"name": "lamp"}, {"name": "rug"}], total=9)
        event = Event.objects.get(name="Cart Left")
        told = {"person": str(ana.public_id), "event": event.pk, "mode": "text"}

        shown = page(mara.get(f"/admin/journeys/messages/frame/{message.pk}/", told))

        assert "It is LAMP" in shown
        assert "It is RUG" in shown
        assert "Cart Left" in page(mara.get(f"/admin/journeys/messages/look/{message.pk}/", told))

    def test_who_may_see_nobody_sees_somebody_made_up(self, welcome, ana):
        nora = staff("nora", ["access_admin", "view_message"])
        ana.traits = {"firstName": "Anamaria"}
        ana.save()

        shown = page(
            nora.get(
                f"/admin/journeys/messages/frame/{welcome.pk}/", {"person": str(ana.public_id)}
            )
        )

        assert "Anamaria" not in shown

    def test_hidden_addresses_stay_hidden(self, ana):
        nora = staff("nora", ["access_admin", "view_message", "view_profile"])
        message = Message.objects.create(
            name="m", subject="x", body=[("text", 'To {{ email|default:"nobody" }}')]
        )

        shown = page(
            nora.get(
                f"/admin/journeys/messages/frame/{message.pk}/", {"person": str(ana.public_id)}
            )
        )

        assert "To nobody" in shown

    def test_in_every_way(self, mara, welcome):
        for mode in ("light", "dark", "phone", "text", "", "weird"):
            shown = mara.get(f"/admin/journeys/messages/frame/{welcome.pk}/", {"mode": mode})

            assert "Dear Ana" in page(shown)

    def test_other_channels_show_what_they_hand_over(self, mara):
        message = Message.objects.create(
            name="s", channel="sms", text='Hi {{ first_name|default:"you" }}'
        )

        shown = page(mara.get(f"/admin/journeys/messages/look/{message.pk}/"))

        assert "<dd>Hi Ana</dd>" in shown


class TestTests:
    def test_a_number_is_checked(self, mara):
        message = Message.objects.create(name="s", channel="sms", text="Hi")

        shown = page(
            mara.post(f"/admin/journeys/messages/test/{message.pk}/", {"address": "no number"})
        )

        assert "This is no phone number." in shown

    def test_a_sender_that_cannot_send_says_why(self, mara):
        made = Sender.objects.create(name="gateway", channel="sms", adapter="nowhere")
        message = Message.objects.create(name="s", channel="sms", text="Hi", sender=made)

        shown = page(
            mara.post(f"/admin/journeys/messages/test/{message.pk}/", {"address": "+40722123456"})
        )

        assert "It was not sent" in shown
