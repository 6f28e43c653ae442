"""Which language a text is written in, among those that a site speaks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

# Fewer letters than these could be any language's; whoever asks says what to take then.
ENOUGH_LETTERS = 20
READ_LETTERS = 5000


def detect(text: str, *, among: Sequence[str], otherwise: str = "") -> str:
    """Return the code out of `among` ("zh-hans") whose language a text is most likely in.

    Texts too short to tell get `otherwise`.
    """
    letters = text[:READ_LETTERS]
    if len(letters.strip()) < ENOUGH_LETTERS or not among:
        return otherwise
    if len(among) == 1:
        return among[0]
    # "zh-hans" is "zh" to whoever only looks at letters; the first such code is the site's own.
    codes: dict[str, str] = {}
    for code in among:
        codes.setdefault(code.partition("-")[0].lower(), code)
    said, _score = _restricted(tuple(sorted(codes))).classify(letters)
    return codes.get(said, otherwise)


@lru_cache(maxsize=4)
def _restricted(codes: tuple[str, ...]) -> Any:
    identifier = copy.copy(_identifier())
    identifier.set_languages(sorted({*codes} & {*identifier.labels}))
    return identifier


@lru_cache(maxsize=1)
def _identifier() -> Any:
    # Its model takes a second to load, and numpy with it: only who asks pays.
    from py3langid.langid import (  # type: ignore[import-untyped]
        MODEL_FILE,
        LanguageIdentifier,
    )

    return LanguageIdentifier.from_model_file(MODEL_FILE)
