"""The words in a file, read by a process of its own that can do and use little.

Files come from outside, and readers of their formats are large: what goes wrong there goes wrong
in a child without our settings, connections and memory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MOST_CHARACTERS = 200_000
# JSON writes a character as up to twelve.
MOST_ANSWER = 12 * MOST_CHARACTERS + 10_000
CHUNK = 262_144


class Unreadable(ValueError):
    """Nothing could be read; the text says why."""


class TooLong(Unreadable):
    """It was not read in the time that it had."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Args:
        text: at most `MOST_CHARACTERS`; empty where there are no words.
        language: one of those asked for, or "".
    """

    text: str
    language: str = ""


def text(
    file: Any, *, extension: str, languages: Sequence[str] = (), seconds: float = 30.0
) -> Reading:
    """Return the words in a file.

    Args:
        file: open for reading.
        extension: in small letters, without the dot.
        languages: codes of those it may be in, such as "en".
        seconds: after which we give up.

    Raises:
        Unreadable: it can't be read, or not within our limits.
    """
    told = _ask(file, ["text", extension, ",".join(languages)], seconds)
    return Reading(str(told["text"]), str(told["language"]))


def pages(file: Any, *, seconds: float = 10.0) -> int:
    """Return how many pages a PDF has.

    Raises:
        Unreadable: no program could show it.
        TooLong: no program could show it in that time.
    """
    return int(_ask(file, ["pages", "pdf", ""], seconds)["pages"])


def _ask(file: Any, words: Sequence[str], seconds: float) -> dict[str, Any]:
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "content.extract.inside", *words, str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT,
        env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    alarm = threading.Timer(seconds, child.kill)
    feeder = threading.Thread(target=_feed, args=(file, child.stdin), daemon=True)
    alarm.start()
    feeder.start()
    assert child.stdout is not None
    try:
        answer = child.stdout.read(MOST_ANSWER)
    finally:
        alarm.cancel()
        child.kill()
        child.stdout.close()
        code = child.wait()
        feeder.join()
    try:
        told = json.loads(answer)
    except ValueError as error:
        if code == -signal.SIGKILL:
            raise TooLong(f"it takes longer than {seconds:g} seconds to be read") from error
        raise Unreadable(f"the reader gave up ({code})") from error
    if "problem" in told:
        raise Unreadable(str(told["problem"])[:300])
    return dict(told)


def _feed(file: Any, pipe: Any) -> None:
    try:
        while chunk := file.read(CHUNK):
            pipe.write(chunk)
        pipe.close()
    except OSError:
        # It has read enough, or is gone: its answer tells.
        return
