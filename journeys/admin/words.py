"""What the outline editor says; it gets its words from here, so that they are translated."""

from django.utils.translation import gettext as _


def editor_words() -> dict[str, str]:
    """Return the words by the names under which the editor asks for them."""
    return {
        "delay": _("Delay"),
        "wait": _("Wait for event"),
        "send": _("Send message"),
        "end": _("End"),
        "addDelay": _("Add delay"),
        "addWait": _("Add wait for event"),
        "addSend": _("Add message"),
        "addEnd": _("Add end"),
        "up": _("Move up"),
        "down": _("Move down"),
        "remove": _("Remove"),
        "amount": _("How long"),
        "longest": _("At the longest"),
        "unit": _("Unit"),
        "minutes": _("minutes"),
        "hours": _("hours"),
        "days": _("days"),
        "weeks": _("weeks"),
        "seconds": _("seconds"),
        "event": _("Event"),
        "message": _("Message"),
        "choose": _("Choose a message…"),
        "unpublished": _("not published"),
        "missing": _("deleted message"),
        "outcome": _("Outcome"),
        "happened": _("If it happens"),
        "timeout": _("If time runs out"),
        "goesOn": _("then goes on with the next step"),
        "stops": _("then the journey is over"),
        "waiting": _("waiting"),
        "passed": _("passed"),
        "added": _("Step added"),
        "moved": _("Step moved"),
        "removed": _("Step removed. Undo brings it back."),
        "undone": _("Undone"),
        "step": _("Step"),
        "empty": _("No step yet."),
    }
