"""A push service that checks who sends (RFC 8292), and browsers that decrypt (RFC 8291)."""

import base64
import json
import os
import time

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from journeys.channels.base import Draft
from journeys.channels.push.vapid import new_key, public_key
from tests.journeys.benches.base import Taken, WebBench, bench

OURS = new_key()


def text_of(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """A browser that subscribed."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    @property
    def subscription(self):
        point = self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": text_of(point), "auth": text_of(self.auth)}
        return {"endpoint": self.endpoint, "keys": keys}

    def read(self, body):
        told = http_ece.decrypt(
            body, private_key=self.private, auth_secret=self.auth, version="aes128gcm"
        )
        return json.loads(told)


def claims_of(request, origin):
    """Check a request as a push service does, and return what its token claims."""
    kind, _space, rest = request.headers["authorization"].partition(" ")
    told = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert kind == "vapid"
    assert request.headers["content-encoding"] == "aes128gcm"
    head, claims, signature = told["t"].split(".")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(told["k"]))
    raw = bytes_of(signature)
    pair = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    signed = f"{head}.{claims}".encode()
    key.verify(utils.encode_dss_signature(*pair), signed, ec.ECDSA(hashes.SHA256()))
    found = json.loads(bytes_of(claims))
    assert found["aud"] == origin
    assert time.time() < found["exp"] < time.time() + 24 * 3600
    assert told["k"] == public_key(OURS)
    return found


@bench
class Service(WebBench):
    channel, adapter = "push", "vapid"
    secrets = (OURS,)
    draft = Draft(subject="Hello {{ first_name }}", text="News.", url="/news")
    yes = (201, {"Location": "/message/1"}, b"")
    refusal = (410, {}, b"gone")

    def __enter__(self):
        super().__enter__()
        self.browsers = [Browser(f"{self.far.url}/push/{number}") for number in range(4)]
        return self

    def config(self):
        return {**super().config(), "private": OURS, "contact": "mailto:ops@alder.example"}

    def recipient(self, number):
        return json.dumps(self.browsers[number].subscription)

    def shown(self, number):
        return f"/push/{number}"

    def taken(self):
        found = []
        for one in self.far.requests:
            assert claims_of(one, self.far.url)["sub"] == "mailto:ops@alder.example"
            told = self.browsers[int(one.path[-1])].read(one.body)
            found.append(Taken(one.path, f"{told['title']} {told['text']}", told["tag"]))
        return found
