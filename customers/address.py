"""Normal forms of addresses: what makes two spellings one address. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

EMAIL, PHONE, PUSH = "email", "phone", "push"
LONGEST_PHONE = 100
# Browsers' push addresses are long and secret: a digest stands for them.
_DIGEST = re.compile(r"[0-9a-f]{64}")


class BadAddress(ValueError):
    """This is no address of that channel."""


@dataclass(slots=True)
class Home:
    """Whose phone numbers are written without a country: set once, when the house starts."""

    country: str = ""


HOME = Home()


def normal(*, channel: str, address: str, country: str = "") -> str:
    """Return the form under which an address is unique.

    Args:
        channel: "email" or "phone".
        address: as somebody wrote it.
        country: two letters; where a phone number without a country code belongs. Empty: home.

    Raises:
        BadAddress: it can't be an address of that channel.
    """
    if channel == EMAIL:
        return email(address)
    if channel == PHONE:
        return phone(address, country=country)
    if channel == PUSH and _DIGEST.fullmatch(address):
        return address
    raise BadAddress(f"Nobody knows the channel {channel!r}.")


def country_of(traits: Mapping[str, Any]) -> str:
    """Return the two-letter country that a person's traits tell, else nothing."""
    inner = traits.get("address")
    for told in (traits, inner if isinstance(inner, Mapping) else {}):
        country = told.get("country")
        if isinstance(country, str) and country.upper() in phonenumbers.SUPPORTED_REGIONS:
            return country.upper()
    return ""


def email(text: str) -> str:
    """Return an e-mail address in NFKC and lower case, its domain as DNS knows it (IDNA).

    Mailboxes that differ in case alone are one: RFC 5321 would allow two, nobody gives them out.

    Raises:
        BadAddress: no mail can be sent there from the open net.
    """
    bare = unicodedata.normalize("NFKC", text).strip()
    try:
        # Whether mail arrives is found out by sending; .test is for tests everywhere (RFC 2606).
        known = validate_email(bare, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise BadAddress(str(error)) from error
    return f"{known.local_part}@{known.ascii_domain}".lower()


def phone(text: str, *, country: str = "") -> str:
    """Return a phone number in E.164: a plus sign, the country, the number.

    Raises:
        BadAddress: it is no number that is given out, it has an extension, or it has no country
            and nobody says where it belongs.
    """
    bare = unicodedata.normalize("NFKC", text).strip()
    if len(bare) > LONGEST_PHONE:
        raise BadAddress("A phone number is not that long.")
    region = (country or HOME.country).upper() or None
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = HOME.country.upper() or None
    try:
        number = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException as error:
        raise BadAddress(str(error)) from error
    if number.extension:
        raise BadAddress("Behind an extension no message arrives.")
    if not phonenumbers.is_valid_number(number):
        raise BadAddress("Nobody has such a number.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
