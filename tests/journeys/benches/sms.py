"""Gateways to phones."""

import json
from urllib.parse import parse_qs

from tests.journeys.benches.base import Taken, WebBench, bench


@bench
class Gateway(WebBench):
    channel, adapter = "sms", "http"
    never = {"gone": "each gateway says it in words of its own; reports tell it later"}
    secrets = ("k3y-of-ours",)
    yes = (200, {}, b'{"id": "m-1"}')

    def config(self):
        return {**super().config(), "url": f"{self.far.url}/send", "secret": "k3y-of-ours"}

    def later(self):
        # A gateway that repeats what it was told, secrets included.
        self.far.says(500, {}, b"bad Authorization: Bearer k3y-of-ours")

    def taken(self):
        told = [json.loads(one.body) for one in self.far.requests]
        return [Taken(one["to"], one["text"], one["reference"]) for one in told]


@bench
class Twilio(WebBench):
    channel, adapter = "sms", "twilio"
    secrets = ("t0ken-of-ours",)
    yes = (201, {}, b'{"sid": "SM1", "status": "queued"}')
    refusal = (400, {}, b'{"code": 21211, "message": "Invalid To", "status": 400}')

    def config(self):
        return {
            **super().config(), "base_url": self.far.url, "account": "AC1",
            "token": "t0ken-of-ours", "from": "+15005550006",
        }  # fmt: skip

    def taken(self):
        told = [parse_qs(one.body.decode()) for one in self.far.requests]
        return [Taken(one["To"][0], one["Body"][0]) for one in told]
