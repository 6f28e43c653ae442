"""From the blocks of a message to HTML and text, with marks for variables and links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import mrml

from dxp.lib import ids
from journeys import wording
from journeys.channels.base import Rendered
from journeys.channels.email.ink import safe
from journeys.channels.email.pieces import pieces

# Dark colors for clients that ask for them; the others show the light ones.
_DARK = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  body, .page, .page > table { background: #14181d !important; }
  .sheet, .sheet > table { background: #1d232a !important; }
  .ink div, .ink a { color: #e8e6e1 !important; }
  .soft div, .soft a { color: #a9b0b8 !important; }
  .rule p { border-top-color: #3a424b !important; }
}
"""
_HEAD = """<mjml lang="{language}"><mj-head>
<mj-title>{subject}</mj-title><mj-preview>{preheader}</mj-preview>
<mj-attributes>
<mj-all font-family="Helvetica, Arial, sans-serif" />
<mj-text font-size="16px" line-height="1.55" color="#22282f" padding="8px 32px" />
<mj-button background-color="#1f5f5b" color="#ffffff" border-radius="6px" font-size="16px"
  inner-padding="14px 26px" padding="16px 32px" align="left" />
</mj-attributes>
<mj-raw><meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark"></mj-raw>
<mj-style>{dark}</mj-style>
</mj-head><mj-body background-color="#f3f1ec" css-class="page">
<mj-section padding="24px 0 0"><mj-column>
<mj-text css-class="soft" font-size="14px" color="#5b646d">{brand}{view}</mj-text>
</mj-column></mj-section>
<mj-section background-color="#ffffff" border-radius="10px" padding="24px 0" css-class="sheet">
<mj-column>"""
_FOOT = """</mj-column></mj-section><mj-section padding="8px 0 32px"><mj-column>
<mj-text css-class="soft" font-size="13px" color="#5b646d">{why}
{links}</mj-text>
</mj-column></mj-section></mj-body></mjml>"""
_VIEW = """ · <a href="{address}" style="color:#5b646d">{view}</a>"""
_LINKS = """<a href="{preferences}" style="color:#5b646d">{prefer}</a> ·
<a href="{unsubscribe}" style="color:#5b646d">{leave}</a>"""
UNSUBSCRIBE = 0
# No message has so many links; editions that were rendered before have none of it.
PREFERENCES, CONFIRM = 9999, 9998
# A picture that tells that a mail was opened, and a link that no person sees: who follows it is a
# program.
OPEN, TRAP = 9997, 9996
# The same message as a page.
VIEW = 9995
_WATCH = (
    f'<img src="{wording.link(OPEN)}" alt="" width="1" height="1" style="display:block">'
    f'<a href="{wording.link(TRAP)}" style="display:none" aria-hidden="true" tabindex="-1"></a>'
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every message: words that the door translates and knows."""

    brand: str
    why: str
    leave: str
    prefer: str
    # The words of the link to the same message as a page; empty: there is none.
    view: str = ""
    # Transactional mails offer no way out of marketing.
    marketing: bool = True
    # The words of the button of a message that asks an address to confirm; nothing else stands
    # below such a message.
    confirm: str = ""
    language: str = "en"


def render(
    *, subject: str, preheader: str, blocks: Iterable[tuple[str, Any]], site: str, frame: Frame
) -> Rendered:
    """Render the blocks of a message once for everyone.

    Args:
        subject: with variables.
        preheader: with variables.
        blocks: (kind, value) as in `journeys.blocks`.
        site: the address that links beginning with / belong to.
        frame: what stands around the content.
    """
    links = wording.Links(site)
    content, text = pieces(blocks, links)
    end, plain_end = _end(frame)
    view = wording.link(VIEW)
    head = _HEAD.format(
        subject=safe(frame.brand),
        preheader=wording.mark(preheader, safe),
        dark=_DARK,
        brand=safe(frame.brand),
        view=_VIEW.format(address=view, view=safe(frame.view)) if frame.view else "",
        language=frame.language,
    )
    html = _html(head + content + end)
    if not frame.confirm:
        html = html.replace("</body>", f"{_WATCH}</body>", 1)
    plain = [f"{frame.view}: {view}" if frame.view else "", text, plain_end]
    return Rendered(
        wording.mark(subject, str), html, "\n\n".join(filter(None, plain)) + "\n", links.targets
    )


def _html(mjml: str) -> str:
    """Turn MJML with marks into HTML with marks.

    mrml escapes unusual letters in attributes, so marks go through it under a word of our own.
    """
    key, marks = ids.key(16), list[str]()

    def away(match: re.Match[str]) -> str:
        marks.append(match[0])
        return f"{key}{len(marks) - 1}-"

    html: str = mrml.to_html(wording.MARK.sub(away, mjml)).content
    return re.sub(f"{key}([0-9]+)-", lambda match: marks[int(match[1])], html)


def _end(frame: Frame) -> tuple[str, str]:
    """Return what stands below the content, as MJML and as text."""
    why = safe(frame.why)
    if frame.confirm:
        button = f'<mj-button href="{wording.link(CONFIRM)}">{safe(frame.confirm)}</mj-button>'
        plain = f"{frame.confirm}: {wording.link(CONFIRM)}\n\n--\n{frame.why}"
        return button + _FOOT.format(why=why, links=""), plain
    if not frame.marketing:
        return _FOOT.format(why=why, links=""), f"--\n{frame.why}"
    links = _LINKS.format(
        leave=safe(frame.leave), unsubscribe=wording.link(UNSUBSCRIBE),
        prefer=safe(frame.prefer), preferences=wording.link(PREFERENCES),
    )  # fmt: skip
    plain = (
        f"--\n{frame.why}\n{frame.prefer}: {wording.link(PREFERENCES)}\n"
        f"{frame.leave}: {wording.link(UNSUBSCRIBE)}"
    )
    return _FOOT.format(why=why, links=links), plain
