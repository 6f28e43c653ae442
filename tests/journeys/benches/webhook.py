"""A program that checks what is signed."""

import json

from standardwebhooks.webhooks import Webhook

from journeys.channels.base import Draft
from tests.journeys.benches.base import Taken, WebBench, bench

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@bench
class Signed(WebBench):
    channel, adapter = "webhook", "signed"
    never = {"gone": "its address stands in the message, not with the person"}
    secrets = ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",)

    @property
    def draft(self):
        return Draft(text='{"greeting": "Dear {{ first_name }}"}', url=f"{self.far.url}/hook")

    def config(self):
        return {**super().config(), "secret": SECRET}

    def recipient(self, number):
        return ""

    def taken(self):
        return [
            Taken("", json.dumps(Webhook(SECRET).verify(one.body, one.headers)),
                  one.headers["webhook-id"])
            for one in self.far.requests
        ]  # fmt: skip
