"""What people answer to leave, to come back, or to ask who we are. Pure."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Said(StrEnum):
    """What an answer means."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    OTHER = "other"


_WORDS = {
    Said.STOP: (
        "stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "optout", "opt out",
        "revoke", "arret", "stopp", "abmelden", "baja", "parar", "alto", "stopper", "lopeta",
        "odjava", "oprire", "dezabonare", "desabonare", "sair", "annulla", "cancella",
    ),
    Said.START: ("start", "unstop", "yes", "subscribe", "optin", "opt in"),
    Said.HELP: ("help", "info", "hilfe", "aide", "ayuda", "ajutor", "aiuto", "pomoc"),
}  # fmt: skip
_MEANING = {word: said for said, words in _WORDS.items() for word in words}


def said(text: str) -> Said:
    """Return what a whole answer means: a keyword alone, in any case, with any marks around it.

    "Please don't stop" stops nothing; "STOP." and "Arrêt!" do.
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return _MEANING.get(" ".join(re.findall(r"\w+", letters)), Said.OTHER)
