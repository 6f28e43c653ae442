"""What the outline editor says; it gets its words from here, so that they are translated."""

from __future__ import annotations

from django.utils.translation import gettext as _


def editor_words() -> dict[str, str]:
    """Return the words by the names under which the editor asks for them."""
    return _acts() | _kinds() | _time() | _ways() | _entry() | _said()


def our_events() -> tuple[str, ...]:
    """Return the names of events that we record ourselves, seen or not yet."""
    return (
        "Segment Entered", "Segment Left", "Message Sent", "Message Delivered", "Message Opened",
        "Message Clicked", "Message Bounced", "Message Failed", "Message Unsubscribed",
        "Message Complained", "Message Opened by Machine", "Message Clicked by Machine",
        "Journey Entered", "Journey Exited",
    )  # fmt: skip


def channel_names() -> dict[str, str]:
    """Return what channels are called."""
    return {
        "email": _("E-mail"),
        "sms": _("SMS"),
        "push": _("Web push"),
        "webhook": _("Webhook"),
        "onsite": _("On the website"),
    }


def _acts() -> dict[str, str]:
    return {
        "add": _("Add step"),
        "addHere": _("Add a step here"),
        "addFirst": _("Add the first step"),
        "close": _("Close"),
        "paste": _("Paste"),
        "up": _("Move up"),
        "down": _("Move down"),
        "into": _("Move into the step above"),
        "out": _("Move out, below the step around it"),
        "rename": _("Rename"),
        "copy": _("Copy"),
        "cut": _("Cut"),
        "duplicate": _("Duplicate"),
        "remove": _("Remove"),
        "tools": _("Move, copy, remove"),
        "name": _("Name"),
        "choose": _("choose"),
        "edit": _("Edit"),
        "done": _("Done"),
    }


def _kinds() -> dict[str, str]:
    return {
        "step": _("Step"),
        "delay": _("Delay"),
        "wait": _("Wait for something"),
        "branch": _("Branch by conditions"),
        "split": _("Random split"),
        "send": _("Send message"),
        "update": _("Update trait"),
        "jump": _("Go on at another step"),
        "end": _("End"),
        "delayHelp": _("for some time, until a time of day, a weekday or a date"),
        "waitHelp": _("until an event happens, a condition holds, or time runs out"),
        "branchHelp": _("one way for each condition"),
        "splitHelp": _("so many of a hundred each way"),
        "sendHelp": _("e-mail, SMS, push, webhook or on the website"),
        "updateHelp": _("write something about the person"),
        "jumpHelp": _("join another way, or repeat steps"),
        "endHelp": _("the journey is over for this person"),
        "message": _("Message"),
        "chooseMessage": _("Choose a message…"),
        "openMessage": _("Open the message"),
        "unpublished": _("not published"),
        "missing": _("deleted message"),
        "trait": _("Trait"),
        "value": _("Value"),
        "valueKind": _("Kind of value"),
        "valueText": _("text"),
        "valueNumber": _("number"),
        "valueBoolean": _("yes or no"),
        "valueNone": _("nothing (takes it away)"),
        "yes": _("yes"),
        "no": _("no"),
        "outcome": _("Outcome"),
        "to": _("Go on at"),
        "chooseStep": _("Choose a step…"),
    }


def _time() -> dict[str, str]:
    return {
        "mode": _("How long"),
        "modeFor": _("for some time"),
        "modeTime": _("until a time of day"),
        "modeWeekday": _("until a weekday"),
        "modeDate": _("until a date of theirs"),
        "amount": _("How many"),
        "longest": _("At the longest"),
        "unit": _("Unit"),
        "minutes": _("minutes"),
        "hours": _("hours"),
        "days": _("days"),
        "weeks": _("weeks"),
        "seconds": _("seconds"),
        "after": _("After how many days"),
        "time": _("At (their local time)"),
        "weekdays": _("On"),
        "weekday0": _("Monday"),
        "weekday1": _("Tuesday"),
        "weekday2": _("Wednesday"),
        "weekday3": _("Thursday"),
        "weekday4": _("Friday"),
        "weekday5": _("Saturday"),
        "weekday6": _("Sunday"),
        "side": _("Before or after"),
        "before": _("before the date"),
        "afterDate": _("after the date"),
        "afterHelp": _("0: at the next such time."),
        "dateTrait": _("Date (trait)"),
    }


def _ways() -> dict[str, str]:
    return {
        "event": _("Event"),
        "where": _("Only where"),
        "same": _("Only where this property equals the key"),
        "sameHelp": _("Empty: whatever its key."),
        "ifEvent": _("If this happens"),
        "ifRule": _("If this holds"),
        "timeout": _("If time runs out"),
        "else": _("Otherwise"),
        "way": _("Way"),
        "addEventArm": _("Wait for another event"),
        "addRuleArm": _("Wait for a condition"),
        "addArm": _("Add a way"),
        "equal": _("Share equally"),
        "percent": _("Percent"),
        "sum": _("Together: %(n)s percent"),
        "rule": _("Condition"),
        "editRule": _("Edit the condition"),
        "noRule": _("No condition yet."),
        "cannotWrite": _("Only people who may write segments can write conditions."),
        "armUp": _("Move this way up"),
        "armDown": _("Move this way down"),
        "armRemove": _("Remove this way"),
        "goesOn": _("then goes on with step %(n)s"),
        "stops": _("then the journey is over"),
        "completed": _("then the journey is over: completed"),
        "empty": _("No step yet."),
        "jumpedTo": _("Also reached from step %(n)s"),
    }


def _entry() -> dict[str, str]:
    return {
        "entryType": _("People enter"),
        "entrySegment": _("when they enter or leave a segment"),
        "entryEvent": _("when they do something"),
        "entryDate": _("on a date of theirs"),
        "entrySchedule": _("on certain days"),
        "entryApi": _("when a program lets them in"),
        "entryHand": _("when somebody here lets them in"),
        "entryApiHelp": _("Programs let people in by the API, once the journey is live."),
        "entryHandHelp": _("Once the journey is live, its list of people lets somebody in."),
        "change": _("Change"),
        "entered": _("they enter"),
        "left": _("they leave"),
        "segment": _("Segment"),
        "chooseSegment": _("Choose a segment…"),
        "anySegment": _("everybody who has this date"),
        "inside": _("People in it now: %(n)s"),
        "key": _("Key: a property that tells one run from another"),
        "keyHelp": _("Such as cart_id. Then “how often” can be once for each value."),
        "yearly": _("every year (birthdays)"),
        "every": _("Repeats"),
        "once": _("once"),
        "day": _("every day"),
        "week": _("every week"),
        "month": _("every month"),
        "on": _("First day"),
        "goals": _("Goals"),
        "goalsHelp": _("Who does this has reached what the journey is for, and leaves it."),
        "exits": _("Exits"),
        "exitsHelp": _("Who does this leaves the journey."),
        "addGoal": _("Add a goal"),
        "addExit": _("Add an exit"),
        "goal": _("Goal"),
        "exit": _("Exit"),
    }


def _said() -> dict[str, str]:
    return {
        "waiting": _("waiting"),
        "passed": _("passed"),
        "failed": _("failed"),
        "leftHere": _("left here"),
        "added": _("Added."),
        "moved": _("Moved."),
        "removed": _("Removed. Undo brings it back."),
        "copied": _("Copied. It can be pasted into any journey."),
        "pasted": _("Pasted."),
        "noPaste": _("What is to be pasted is no step of a journey."),
        "noPlace": _("It can't move further in this direction."),
        "undone": _("Undone."),
        "redone": _("Done again."),
        "fault": _("One thing is missing or wrong."),
        "faults": _("%(n)s things are missing or wrong."),
        "next": _("Show the next"),
        "noFaults": _("Everything is complete."),
        "unchecked": _("This could not be checked right now; you can still save."),
        "saved": _(
            "Somebody else has saved this journey since you opened it. When you save, "
            "you can compare both drafts."
        ),
        "theirsShown": _("This is the other draft. Undo brings yours back."),
        "mineShown": _("This is your draft."),
    }
