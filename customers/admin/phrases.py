"""What the rule builder says."""

from __future__ import annotations

from django.utils.translation import gettext as _

# How properties of events are compared, by the kind of their values.
CMPS: dict[str, tuple[str, ...]] = {
    "text": ("eq", "ne", "in", "contains", "starts", "set"),
    "number": ("eq", "ne", "gt", "gte", "lt", "lte", "in", "set"),
    "boolean": ("eq", "set"),
    "date": ("eq", "gte", "lte", "set"),
    "any": ("eq", "ne", "in", "contains", "starts", "gt", "gte", "lt", "lte", "set"),
}


def phrases() -> dict[str, str]:
    """Return the builder's words, in the language of its reader."""
    return _tree() | _conditions() | _periods() | _answers()


def _tree() -> dict[str, str]:
    return {
        "rule": _("Rule"),
        "match": _("People who match"),
        "group_match": _("Match"),
        "all": _("all of these"),
        "any": _("any of these"),
        "and": _("and"),
        "or": _("or"),
        "not": _("not"),
        "condition": _("Condition"),
        "group": _("Group"),
        "kind": _("Kind of condition"),
        "add_condition": _("Add condition"),
        "add_group": _("Add group"),
        "tools": _("Move, duplicate, remove"),
        "up": _("Move up"),
        "down": _("Move down"),
        "into": _("Move into a group"),
        "out": _("Move out of the group"),
        "duplicate": _("Duplicate"),
        "remove": _("Remove"),
        "added": _("Added."),
        "moved": _("Moved."),
        "duplicated": _("Duplicated."),
        "removed": _("Removed. Undo brings it back."),
        "undone": _("Undone."),
        "redone": _("Done again."),
        "no_place": _("It can't move further in this direction."),
        "too_deep": _("Groups stand at most 5 deep in each other; “not” is a level too."),
        "strange": _("A kind of condition that is not known here any more"),
    }


def _conditions() -> dict[str, str]:
    return {
        "choose": _("choose"),
        "none": _("none"),
        "gone": _("one that does not exist any more"),
        "event": _("Event"),
        "property": _("Property"),
        "cmp": _("Comparison"),
        "value": _("Value"),
        "add_value": _("Add a value"),
        "yes": _("yes"),
        "no": _("no"),
        "where": _("where"),
        "add_where": _("Only where a property is …"),
        "step": _("Step"),
        "add_step": _("Add step"),
        "cmp_eq": _("is"),
        "cmp_ne": _("is known and is not"),
        "cmp_in": _("is one of"),
        "cmp_contains": _("contains"),
        "cmp_starts": _("starts with"),
        "cmp_gt": _("is more than"),
        "cmp_gte": _("is at least"),
        "cmp_lt": _("is less than"),
        "cmp_lte": _("is at most"),
        "cmp_set": _("is known"),
        "suggested": _("%(n)s suggestions; arrow down to choose."),
    }


def _periods() -> dict[str, str]:
    return {
        "window_all": _("ever"),
        "window_last": _("in the last …"),
        "window_between": _("between … and … ago"),
        "window_from": _("between two dates"),
        "gaps_last": _("%(n)s %(unit)s"),
        "gaps_between": _("%(a)s and %(b)s %(unit)s ago"),
        "gaps_from": _("from %(from)s to %(to)s"),
        "amount": _("How many"),
        "amount_to": _("Up to how many"),
        "unit": _("Unit of time"),
        "unit_hours": _("hours"),
        "unit_days": _("days"),
        "unit_weeks": _("weeks"),
        "unit_months": _("months"),
        "day_from": _("First day"),
        "day_to": _("Last day"),
    }


def _answers() -> dict[str, str]:
    return {
        "empty": _("Begin with a template or with a condition of your own."),
        "unfinished": _("Not finished yet: a condition still needs something."),
        "estimating": _("Estimating…"),
        "counting": _("Counting exactly…"),
        "offline": _("The size can't be counted right now; you can still save."),
    }
