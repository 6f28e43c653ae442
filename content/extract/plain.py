"""Plain text, in whatever encoding it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from content.extract.reader import Reader

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Western letters stand among English ones; a row of them is another script in disguise.
_LONE = r"(?<![^\x00-\x7f])[%s]{1,2}(?![^\x00-\x7f])"
_CYRILLIC = r"[\u0410-\u042f\u0401]?[\u0430-\u044f\u0451]{2,}"
# Encodings of before UTF-8, with what ordinary words in them are made of. Of those that fit as well
# the first is taken: what is all Hangul could be Chinese, and no Chinese is all Hangul.
ORDINARY = {
    "cp932": re.compile(r"[ぁ-ゖァ-ヶ一-龯。、ー]"),
    "euc_kr": re.compile(r"[가-힣]"),
    "gb18030": re.compile(r"[一-龯。、]"),
    "cp1251": re.compile(_CYRILLIC),
    "koi8_r": re.compile(_CYRILLIC),
    "cp1252": re.compile(
        _LONE % r"àâäáãåçéèêëíìîïñóòôöõúùûüßæøÀÉÈÖÜÄÑ€“”«»¿¡°·\u2013\u2014\u2018\u2019"
    ),
    "cp1250": re.compile(_LONE % r"ăâîşţáéíóúñüöäčšžłąęćńśźżĂÂÎŞŢÁÉÍÓÚÜÖÄČŠŽŁĄĘĆŃŚŹŻ"),
}
SAMPLE = 20_000
RTF = re.compile(r"\\'([0-9a-f]{2})|\\u(-?\d+)\??|\\([a-z]+)(-?\d+)? ?|\\([^a-z])|[{}\r\n]", re.I)

HEADS = re.compile(r"\{\\(?:fonttbl|colortbl|stylesheet|info)\b.*?\}\}?", re.DOTALL)


class Plain(Reader):
    """What a person can read without a program."""

    name = "plain"
    extensions = ("txt", "csv", "tsv", "md", "json", "ics", "vtt", "srt", "rtf")

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield line by line; of tables cell beside cell."""
        text = decoded(data.getvalue())
        if extension == "rtf":
            text = RTF.sub(_unescaped, HEADS.sub("", text))
        if extension in {"csv", "tsv"}:
            text = re.sub(r"[,;\t]", " ", text)
        yield from text.splitlines()


def decoded(data: bytes) -> str:
    """Return text from bytes whose encoding nobody told."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(_guess(data), "replace")


def _guess(data: bytes) -> str:
    """Return the encoding in which the most of what is not English looks like words."""
    best, most = "cp1252", 0.0
    for encoding, ordinary in ORDINARY.items():
        try:
            text = data[:SAMPLE].decode(encoding, "strict" if len(data) <= SAMPLE else "ignore")
        except UnicodeDecodeError:
            continue
        strange = sum(1 for one in text if ord(one) > 127)
        found = "".join(ordinary.findall(text))
        if encoding == "gb18030":
            found = "".join(filter(_is_common, found))
        good = sum(1 for one in found if ord(one) > 127)
        share = good / max(strange, 1)
        if share > most + 0.001:
            best, most = encoding, share
    return best


def _is_common(character: str) -> bool:
    """Return whether it is one of the characters of everyday Chinese."""
    try:
        return character.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


def _unescaped(found: re.Match[str]) -> str:
    byte, unit, word, _number, sign = found.groups()
    if byte:
        return bytes([int(byte, 16)]).decode("cp1252", "replace")
    if unit:
        return chr(int(unit) % 65_536)
    if word in {"par", "line", "tab", "cell", "row"}:
        return "\n" if word in {"par", "line", "row"} else " "
    return sign if sign and sign in "\\{}" else ""
