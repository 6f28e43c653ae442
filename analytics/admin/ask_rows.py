"""Rows of events in an address: added, moved and dropped by buttons, without a script."""

from __future__ import annotations

from django.http import QueryDict

from analytics.admin.ask_address import MOST_ROWS


def edited(told: QueryDict) -> str:
    """Return the address after one edit: `steps:add`, `steps:up-2`, `steps:down-2`, `steps:drop-2`.

    Its fragment names the row that was edited, so that a browser goes there.
    """
    changed = told.copy()
    key, _colon, act = str(changed.pop("do")[0]).partition(":")
    names, wheres = told.getlist(key)[:MOST_ROWS], told.getlist(f"{key}.where")
    rows = [(name, wheres[i] if i < len(wheres) else "") for i, name in enumerate(names)]
    verb, _dash, number = act.partition("-")
    place = int(number) - 1 if number.isdecimal() else -1
    focus = place
    if verb == "add" and len(rows) < MOST_ROWS:
        focus = len(rows)
        rows.append(("", ""))
    elif verb == "drop" and 0 <= place < len(rows):
        rows.pop(place)
        focus = max(place - 1, 0)
    elif verb in {"up", "down"} and 0 <= place < len(rows):
        focus = min(max(place + (1 if verb == "down" else -1), 0), len(rows) - 1)
        rows.insert(focus, rows.pop(place))
    changed.setlist(key, [name for name, _where in rows])
    changed.setlist(f"{key}.where", [where for _name, where in rows])
    return f"{changed.urlencode()}#id_{key.replace('.', '-')}-{focus + 1}"
