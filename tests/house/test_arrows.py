"""Foreign keys point down, and leave no tail on the floor below."""

from django.apps import apps

FLOORS = ["users", "customers", "content", "journeys", "analytics"]  # ground floor first

# Wagtail declares these on its abstract bases, with their tails.
WAGTAILS = {"owner", "locked_by", "uploaded_by_user", "latest_revision", "live_revision",
           "finished_by"}  # fmt: skip


def crossings():
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or not field.related_model:
                continue
            here, there = model._meta.app_label, field.related_model._meta.app_label
            if here != there and {here, there} <= set(FLOORS) and field.name not in WAGTAILS:
                yield model, field, here, there


def test_a_foreign_key_points_down():
    assert [
        f"{model.__name__}.{field.name}: {here} -> {there}"
        for model, field, here, there in crossings()
        if FLOORS.index(here) < FLOORS.index(there)
    ] == []


def test_a_foreign_key_leaves_no_tail_upstairs():
    assert [
        f"{model.__name__}.{field.name}"
        for model, field, _, _ in crossings()
        if not field.remote_field.hidden
    ] == []
