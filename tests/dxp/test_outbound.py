"""Nothing leads into our own network, and nothing takes for ever."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dxp.lib import clock, outbound
from tests.far import Far

HERE = ("127.0.0.0/8", "::1/128")


@pytest.fixture
def far():
    with Far() as far:
        yield far


def client(**options):
    return outbound.Client(**{"allowed": HERE, "seconds": 1.0, **options})


def certificate_for(name):
    """Return a self-signed certificate and its key, as text."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    at = clock.now()
    made = (
        x509
        .CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), key.private_bytes(*plain)


class TestAddresses:
    @pytest.mark.parametrize(
        "inside",
        [
            "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0",
            "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1",
            "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
        ],
    )  # fmt: skip
    def test_inside_a_network_are_closed(self, inside):
        assert not outbound.is_open(inside)

    def test_of_the_public_net_are_open_and_others_by_name(self):
        assert outbound.is_open("93.184.216.34")
        assert outbound.is_open("2606:2800:220:1::1")
        assert outbound.is_open("10.1.2.3", ["10.1.0.0/16"])
        assert not outbound.is_open("10.2.2.3", ["10.1.0.0/16"])

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.org/", "file:///etc/passwd", "//example.org", "", "http://", "x",
            "http://exam ple.org/", "http://example.org/\r\nX: 1", "http://example.org:99999/",
            "http://[::1", "http://éxample.org/é",
        ],
    )  # fmt: skip
    def test_that_are_none_are_refused(self, url):
        with pytest.raises(outbound.Refused):
            client().post(url, b"", {})

    def test_a_name_of_ours_is_refused_before_anything_is_sent(self, far):
        with pytest.raises(outbound.Refused, match="inside"):
            outbound.Client().post(f"http://localhost:{far.port}/", b"x", {})

        assert far.requests == []

    def test_a_name_is_looked_up_once(self, far, monkeypatch):
        """Who answers the second question otherwise leads nobody inside."""
        asked = []

        real = socket.getaddrinfo

        def lookup(host, port, *others, **more):
            if host != "moving.test":
                return real(host, port, *others, **more)
            asked.append(host)
            address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

        assert client().post(f"http://moving.test:{far.port}/", b"", {}).status == 200
        assert asked == ["moving.test"]

    def test_a_header_stays_one_header(self, far):
        with pytest.raises(outbound.Refused, match="two lines"):
            client().post(far.url, b"", {"X-Token": "a\r\nX-Other: b"})


class TestAnswers:
    def test_say_what_came_back(self, far):
        far.says(429, {"Retry-After": "7"}, b"slow down")

        answer = client().post(f"{far.url}/a?b=c", b"hello", {"X-One": "1"})

        assert (answer.status, answer.text, answer.retry_after) == (429, "slow down", 7.0)
        got = far.requests[0]
        assert (got.method, got.path, got.body) == ("POST", "/a?b=c", b"hello")
        assert got.headers["x-one"] == "1"

    def test_connections_are_kept(self, far):
        ours = client()

        for _ in range(3):
            ours.post(far.url, b"x", {})

        assert (len(far.requests), far.connections) == (3, 1)

    def test_a_connection_closed_meanwhile_is_opened_again(self, far):
        ours = client()
        ours.post(far.url, b"x", {})
        far.hang_up()

        assert ours.post(far.url, b"x", {}).status == 200

    def test_a_redirect_is_not_followed(self, far):
        far.says(302, {"Location": "http://169.254.169.254/"})

        assert client().post(far.url, b"", {}).status == 302
        assert len(far.requests) == 1

    def test_ten_gigabytes_are_not_read(self, far):
        far.pours(10 * 1024**3)
        began = time.monotonic()

        answer = client(seconds=5).post(far.url, b"", {})

        assert (answer.status, len(answer.body)) == (200, outbound.MOST_BYTES)
        assert time.monotonic() - began < 5
        assert far.poured < 64 * 1024 * 1024

    @pytest.mark.parametrize(
        "nonsense",
        [
            b"", b"\0" * 100, b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"SSH-2.0-x\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
            b"HTTP/1.1 100 Continue\r\n\r\n",
        ],
    )  # fmt: skip
    def test_what_is_no_answer_is_none(self, far, nonsense):
        far.raw(nonsense)

        with pytest.raises(outbound.NoAnswer):
            client().post(far.url, b"", {})

    @pytest.mark.parametrize(
        "broken",
        [
            b"Content-Length: 10\r\n\r\nx", b"Content-Length: -5\r\n\r\nx",
            b"Content-Length: x\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        ],
    )  # fmt: skip
    def test_a_body_that_breaks_off_changes_nothing(self, far, broken):
        far.raw(b"HTTP/1.1 201 Created\r\n" + broken)

        assert client().post(far.url, b"", {}).status == 201


class TestTls:
    @pytest.fixture
    def secure(self, tmp_path):
        """A server with a certificate for localhost that nobody vouches for, and one who does."""
        certificate, key = certificate_for("localhost")
        (tmp_path / "both.pem").write_bytes(key + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "both.pem")
        trusting = ssl.create_default_context(cadata=certificate.decode())
        with Far(tls=context) as far:
            yield far, trusting

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, secure):
        far, trusting = secure
        url = f"https://localhost:{far.port}"

        with pytest.raises(outbound.NotReached, match="certificate"):
            client().post(url, b"secret", {})
        assert far.requests == []
        assert client(context=trusting).post(url, b"x", {}).status == 200

    def test_so_is_one_of_another_name(self, secure):
        far, trusting = secure

        with pytest.raises(outbound.NotReached, match="certificate"):
            client(context=trusting).post(f"https://127.0.0.1:{far.port}", b"secret", {})
        assert far.requests == []


class TestSilence:
    def test_nobody_there_is_told_from_no_answer(self, far):
        with pytest.raises(outbound.NotReached):
            client().post("http://127.0.0.1:1/", b"", {})
        far.cuts()
        with pytest.raises(outbound.NoAnswer):
            client().post(far.url, b"", {})

    @pytest.mark.parametrize("how", ["hangs", "drips"])
    def test_ends_in_time(self, far, how):
        getattr(far, how)()
        began = time.monotonic()

        with pytest.raises(outbound.NoAnswer):
            client(seconds=0.4).post(far.url, b"", {})

        assert time.monotonic() - began < 10
