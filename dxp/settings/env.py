"""Every environment variable that DXP reads, with its default and its meaning: one table.

`docs/settings.md` is this table in words; a test holds them together.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, what holds when it is absent, and what it does."""

    name: str
    default: str
    meaning: str


VARIABLES: dict[str, Variable] = {}


def _declare(name: str, default: str, meaning: str) -> None:
    VARIABLES[name] = Variable(name, default, meaning)


_declare(
    "SECRET_KEY",
    "",
    "Signs sessions, links in messages and cookies. Production refuses to start without one of 50 characters or more.",
)
_declare(
    "ERASURE_KEYS",
    "",
    "Keys under which names of erased people are recognized, the newest first, separated by commas; an old one is needed as long as names were erased under it. Empty: `SECRET_KEY`.",
)
_declare(
    "FILE_KEYS",
    "",
    "Keys under which the files of encrypted collections are locked, each of 32 characters or more, the newest first, separated by commas; an older one is needed until `manage.py rewrap_files` has run. Keep them apart from the backups of the files: without them nobody opens these again. Empty: no collection can be encrypted.",
)
_declare(
    "UPLOAD_MB",
    "50",
    "Megabytes that an uploaded document may have at most; a picture 20 at most.",
)
_declare(
    "EVENT_KEEP_DAYS",
    "0",
    "How many days events are kept for which no retention rule says otherwise. 0 keeps them.",
)
_declare("DEBUG", "0", "1 shows tracebacks in the browser. Refused in production.")
_declare(
    "ALLOWED_HOSTS",
    "",
    "Host names that are answered, separated by commas. Production refuses `*` and an empty list.",
)
_declare(
    "SITE_URL",
    "",
    "The address people see, such as `https://www.example.org`; links in messages begin with it. Empty: `http://localhost:PORT`.",
)
_declare(
    "DATABASE_URL",
    "",
    "A PostgreSQL server, 15 or newer: `postgres://user:password@host:5432/name`. Empty: `make serve` and `make test` start their own.",
)
_declare(
    "REDIS_URL",
    "",
    "A Redis or Valkey server: `redis://host:6379/0`. Empty: `make serve` and `make test` start their own.",
)
_declare("PORT", "8000", "The port of the web server.")
_declare(
    "VAR_DIR",
    "var",
    "Where DXP keeps what it writes: embedded servers' data, uploads, the event lake, logs.",
)
_declare(
    "COUNTRY_HEADER",
    "",
    "The header in which a proxy of yours tells a visitor's country by two letters, such as `CF-IPCountry`; personal slots may ask for it. Empty: nobody tells.",
)
_declare("DEMO", "1", "0 starts `make serve` without the demo world.")
_declare("LAKE_DIR", "", "Where sealed events lie as Parquet files. Empty: `VAR_DIR/lake`.")
_declare(
    "LAKE_URL",
    "",
    "S3-compatible storage for these files, such as `s3://bucket/prefix?region=eu-central-1`, elsewhere than at Amazon with `&endpoint_override=host:port` (and `&scheme=http`); `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` say who we are. Each database needs a place of its own. `LAKE_DIR` then holds copies. Empty: `LAKE_DIR` alone.",
)
_declare(
    "CONVERSION_EVENT",
    "",
    "The event that the home page counts as a conversion, such as `Order Completed`. Empty: the one that brought the most revenue within the last seven days.",
)
_declare(
    "PAGE_CACHE_MB",
    "48",
    "Megabytes of Redis that ready pages of the site may take, compressed; 0 keeps none.",
)
_declare(
    "CDN_PURGE_URL",
    "",
    "A cache of your own before the site, such as Varnish, that takes `PURGE` by address and by `Surrogate-Key`: `http://varnish:6081`. Empty: nobody is told what changed, and such a cache keeps pages for five minutes.",
)
_declare("LAKE_CACHE_GB", "20", "How many gigabytes of copies from `LAKE_URL` a machine holds.")
_declare(
    "SMTP_URL",
    "",
    "The mail server: `smtp://user:password@host:587?starttls=1`, or `smtps://…:465`. Empty: `make serve` keeps messages in `VAR_DIR/mail` instead of sending them.",
)
_declare(
    "MAIL_FROM",
    "Alder & Finch <hello@alderandfinch.example>",
    "Sender of messages when the template names none.",
)
_declare(
    "BOUNCE_ADDRESS",
    "",
    "Where mail comes back to that could not be delivered, such as `bounces@example.org`: each message gets one of its own, `bounces+name@example.org`, as its return path. Empty: the sender's address.",
)
_declare(
    "BOUNCE_URL",
    "",
    "The mailbox in which returned mail lies, looked at each minute: `imaps://user:password@host/INBOX` or `pop3s://…`; what was understood is deleted there. Empty: none; `manage.py bounces` takes returned mail from a mail server's pipe.",
)
_declare("SEND_RATE", "50", "Messages a second at most through one sender.")
_declare(
    "SEND_CONNECTIONS",
    "8",
    "Connections at most from one worker process to a server or provider that answers slowly; a near one gets one.",
)
_declare(
    "LINK_HOSTS",
    "",
    "Hosts besides your own site, separated by commas, that links in messages may lead to and pictures may come from where an event told the whole address (`{{ item.url }}`), such as `shop.example.org`. Their subdomains count too. Empty: such links lead to your own site only.",
)
_declare(
    "ALLOWED_NETWORKS",
    "",
    "Networks of your own that webhooks, gateways and push services may lie in, separated by commas, such as `10.1.0.0/16`. Empty: messages only go to addresses of the public net.",
)
_declare(
    "EVENT_RATE",
    "20000",
    "Events a second that one write key may send on average; ten seconds' worth may come at once, more is answered with 429. 0: no limit.",
)
_declare(
    "PROXIES",
    "0",
    "How many proxies of your own stand before the web server: so many places from the end of `X-Forwarded-For` a visitor's address is read.",
)
_declare(
    "TIME_ZONE",
    "UTC",
    "The workspace's time zone: days in reports and segments begin at its midnight.",
)
_declare(
    "COUNTRY",
    "",
    "Two letters of the country whose phone numbers people write without a country code, such as `HR`; a person's own country goes first. Empty: such numbers are kept as traits and are no addresses.",
)
_declare("API_RATE", "1200", "Requests a minute to the API per token; 0 counts nobody.")
_declare("WEB_WORKERS", "1", "Web server processes.")
_declare("WORKER_CONCURRENCY", "2", "Processes of the background worker.")
_declare("LOG_LEVEL", "INFO", "How much is logged: DEBUG, INFO, WARNING or ERROR.")
_declare(
    "HTTPS",
    "1",
    "Production only: 0 serves plain http, for a network of your own behind a proxy that ends TLS elsewhere.",
)


def read(name: str) -> str:
    """Return a declared variable's value, or its default.

    Raises:
        KeyError: nobody declared that name above.
    """
    return os.environ.get(name) or VARIABLES[name].default


def flag(name: str) -> bool:
    """Return a declared variable as yes or no."""
    return read(name).strip().lower() in {"1", "true", "yes", "on"}


def words(name: str) -> list[str]:
    """Return a declared variable as a list that was separated by commas."""
    return [word.strip() for word in read(name).split(",") if word.strip()]
