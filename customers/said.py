"""Decisions in words, for the people who made them and for staff."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from customers.models import ConsentEntry, Preference


def channel(name: str) -> str:
    """Return what a channel is called within a sentence."""
    known = {"": _("every channel"), "email": _("e-mail"), "sms": _("text message")}
    return known.get(name, name)


def method(name: str) -> str:
    """Return how a decision was given."""
    known = {
        "banner": _("in the banner of the site"),
        "form": _("in a form"),
        "double-opt-in": _("by the link in a mail to this address"),
        "unsubscribe": _("by the unsubscribe link of a message"),
        "preferences": _("on the page of one's own settings"),
        "time": _("by itself, because its time was over"),
        "staff": _("to a colleague"),
        "api": _("in another system"),
        "demo": _("made up for the demonstration"),
    }
    return known.get(name, name)


def decision(entry: ConsentEntry, *, topics: Mapping[str, str]) -> str:
    """Return what somebody decided, as a sentence to them."""
    said = {"channel": channel(entry.channel), "topic": topics.get(entry.topic, entry.topic)}
    if entry.topic:
        if entry.state == ConsentEntry.State.GRANTED:
            return _("You asked for news about %(topic)s.") % said
        return _("You asked for no news about %(topic)s.") % said
    sentences = {
        ConsentEntry.State.GRANTED: _("You allowed news by %(channel)s."),
        ConsentEntry.State.DENIED: _("You refused news by %(channel)s."),
        ConsentEntry.State.WITHDRAWN: _("You unsubscribed from news by %(channel)s."),
        ConsentEntry.State.EXPIRED: _("Your permission for news by %(channel)s ended."),
        ConsentEntry.State.PENDING: _("You signed up for news by %(channel)s, not confirmed yet."),
    }
    return sentences[ConsentEntry.State(entry.state)] % said


def schedule(row: Preference) -> str:
    """Return when and how often somebody wanted news, as a sentence to them."""
    if row.paused_until:
        until = date_format(localtime(row.paused_until), "DATE_FORMAT")
        return _("You paused news until %(date)s.") % {"date": until}
    known = {
        Preference.Rhythm.ANY: _("You wanted news as it comes."),
        Preference.Rhythm.WEEKLY: _("You wanted news at most once a week."),
        Preference.Rhythm.MONTHLY: _("You wanted news at most once a month."),
    }
    return known[Preference.Rhythm(row.rhythm)]
