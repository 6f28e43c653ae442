"""Our own pages, where nobody outside answers."""

from datetime import timedelta

from django.db import connection

from customers.models import Profile
from journeys.channels.base import Draft
from journeys.models import Delivery, Message, OnsiteMessage, Sender
from tests.journeys.benches.base import AT, Bench, Taken, bench


@bench
class Pages(Bench):
    channel, adapter = "onsite", "site"
    draft = Draft(subject="Hello {{ first_name }}", text="News.", url="/news")
    never = {
        "gone": "a person is no address",
        "busy": "our own database keeps up",
        "silent": "what is written is written",
    }

    def __enter__(self):
        message = Message.objects.create(name="On site", channel="onsite", subject="Hello")
        sender = Sender.objects.create(name="Pages", channel="onsite", adapter="site")
        self.people = [
            Profile.objects.create(bucket=1, created_at=AT, last_seen_at=AT) for _number in range(4)
        ]
        self.deliveries = [
            Delivery.objects.create(
                profile=one, message=message, sender=sender, channel="onsite", seq=number,
                enrollment_id=900 + number, node="s1", queued_at=AT, due_at=AT,
                expires_at=AT + timedelta(days=7),
            )
            for number, one in enumerate(self.people)
        ]  # fmt: skip
        return self

    def recipient(self, number):
        return str(self.people[number].pk)

    def key(self, number):
        return self.deliveries[number].pk

    def away(self):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE journeys_onsitemessage RENAME TO journeys_elsewhere")

    later = away

    def taken(self):
        return [
            Taken(str(one.profile_id), f"{one.title} {one.text}", f"token{one.delivery.seq}")
            for one in OnsiteMessage.objects.order_by("pk").select_related("delivery")
        ]
