"""By hand: journeys that were drawn with one wait for one event, in the grammar of today."""

from django.db import migrations

# Only what a version says is frozen: whether anybody is still on it is not.
OPEN = "DROP TRIGGER journeys_version_frozen ON journeys_version;"
FREEZE = """
CREATE TRIGGER journeys_version_frozen
  BEFORE UPDATE OF journey_id, number, segment_id, entry, goals, exits, outline, graph, listens, note,
    published_at ON journeys_version
  FOR EACH ROW EXECUTE FUNCTION journeys_frozen();
ALTER TABLE journeys_tally SET (autovacuum_vacuum_scale_factor = 0.02);
"""
UNDO = """
DROP TRIGGER journeys_version_frozen ON journeys_version;
CREATE TRIGGER journeys_version_frozen BEFORE UPDATE ON journeys_version
  FOR EACH ROW EXECUTE FUNCTION journeys_frozen();
"""


def steps(outline):
    """Return an old outline's steps as they are written today."""
    done = []
    for step in outline:
        new = {name: value for name, value in step.items() if name not in ("happened", "timeout")}
        if step["type"] == "delay":
            new["mode"] = "for"
        if step["type"] == "wait":
            event = new.pop("event", "")
            new["for"] = [
                {"id": _arm(step["id"]), "event": event, "steps": steps(step.get("happened", []))}
            ]
            new["timeout"] = steps(step.get("timeout", []))
        done.append(new)
    return done


def _arm(name):
    return f"{name[:18]}w"


def graph(old, entry):
    """Return an old graph as the engine walks it today."""
    nodes, listens, before = {}, {}, {}
    for name, node in old["nodes"].items():
        if node["type"] == "send":
            before[node["next"]] = name
    for name, node in old["nodes"].items():
        if node["type"] == "delay":
            node = {**node, "mode": "for"}
            if name in before:
                node["after_send"] = True
        elif node["type"] == "wait":
            event = node["events"][0]
            listens[event] = {"event": event, "where": [], "same": ""}
            node = {
                "type": "wait", "events": [[event, _arm(name), node["happened"]]], "rules": [],
                "listens": [event], "seconds": node["seconds"], "timeout": node["timeout"],
            }
        nodes[name] = node
    return {
        "v": 2, "first": old["first"], "nodes": nodes, "rules": {}, "listens": listens, "goals": [],
        "exits": [], "entry": entry,
    }


def forward(apps, schema_editor):
    for name in ("Journey", "Version"):
        for one in apps.get_model("journeys", name).objects.all():
            one.entry = {"type": "segment", "segment": one.segment_id, "change": "entered"}
            one.outline = steps(one.outline)
            if name == "Version":
                one.graph = graph(one.graph, one.entry)
            one.save()


class Migration(migrations.Migration):
    dependencies = [("journeys", "0005_plans")]
    operations = [
        migrations.RunSQL(OPEN, reverse_sql=UNDO),
        migrations.RunPython(forward, migrations.RunPython.noop),
        migrations.RunSQL(FREEZE, reverse_sql=OPEN),
    ]
