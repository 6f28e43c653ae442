"""How many messages a text is on a phone (3GPP TS 23.038, 23.040). Pure."""

from __future__ import annotations

from dataclasses import dataclass

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These need an escape before them: two units that stay together.
_EXTENDED = frozenset("^{}\\[~]|€\f")
_LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True, slots=True)
class Parts:
    """A text in the units of its alphabet, and how many messages it takes.

    `left` is how many more units fit without another message; `odd` the letters that forced the
    alphabet with room for everything, at less than half the length.
    """

    alphabet: str
    units: int
    parts: int
    left: int
    odd: str = ""


def parts(text: str) -> Parts:
    """Return how a text is divided; letters of two units are never torn apart."""
    odd = "".join(dict.fromkeys(one for one in text if one not in _GSM and one not in _EXTENDED))
    alphabet = "UCS-2" if odd else "GSM-7"
    single, joined = _LIMITS[alphabet]
    sizes = [_size(letter, alphabet) for letter in text]
    units = sum(sizes)
    if units <= single:
        return Parts(alphabet, units, 1 if text else 0, single - units, odd)
    count, filled = 1, 0
    for size in sizes:
        if filled + size > joined:
            count, filled = count + 1, 0
        filled += size
    return Parts(alphabet, units, count, joined - filled, odd)


def _size(letter: str, alphabet: str) -> int:
    if alphabet == "GSM-7":
        return 2 if letter in _EXTENDED else 1
    return 2 if ord(letter) > 0xFFFF else 1
