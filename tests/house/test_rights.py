"""What stores something about a person is named by a keeper, or this fails."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import pytest
from django.apps import apps
from django.db import connection, models

from customers.models import Alias, ContactPoint, Profile
from customers.rights import KEEPERS

OURS = {"users", "customers", "content", "journeys", "analytics"}
PEOPLE = {Profile, Alias, ContactPoint}
# Numbers that name a person without a foreign key.
NUMBERS = re.compile(r"(profile|alias|contact_point|person)(_id|_ids|s)?$")
# What is written to Redis and is about nobody: the rest needs a keeper.
ABOUT_NOBODY = (
    "redis:hint:*", "redis:journeys:epoch", "redis:journeys:pace:*", "redis:page:*",
    "redis:lock:page:*", "redis:fault:*",
)  # fmt: skip


def kept() -> set[type[models.Model]]:
    return {model for keeper in KEEPERS for model in keeper.models}


def leads_to_a_person(model: type[models.Model], seen: frozenset = frozenset()) -> bool:
    """Whether a chain of foreign keys leads from here to somebody."""
    if model in PEOPLE:
        return True
    return any(
        leads_to_a_person(field.related_model, seen | {model})
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and isinstance(field.related_model, type)
        and field.related_model not in seen | {model}
    )  # fmt: skip


def unkept(candidates, keepers) -> list[str]:
    return sorted(
        model._meta.label
        for model in candidates
        if not model._meta.proxy and leads_to_a_person(model) and model not in keepers
    )


def test_every_model_with_a_path_to_a_person_has_a_keeper():
    assert unkept(apps.get_models(include_auto_created=True), kept()) == []


def test_a_model_without_a_keeper_would_be_found():
    everything = list(apps.get_models(include_auto_created=True))
    for model in kept():
        if leads_to_a_person(model):
            assert model._meta.label in unkept(everything, kept() - {model})


def test_every_number_that_names_a_person_is_declared():
    declared = {column for keeper in KEEPERS for column in keeper.columns}
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.concrete_fields
        if not field.is_relation and NUMBERS.search(field.name)
    }
    assert found == declared


@pytest.mark.django_db
def test_every_table_is_a_model_or_a_store_that_a_keeper_names():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND relkind IN ('r', 'p', 'm')"
        )
        tables = {name for (name,) in cursor.fetchall()}
    models_tables = {m._meta.db_table for m in apps.get_models(include_auto_created=True)}
    stores = [store for keeper in KEEPERS for store in keeper.stores]
    strange = {
        table
        for table in tables - models_tables - {"django_migrations"}
        if not any(fnmatch(f"table:{table}", store) for store in stores)
    }
    assert strange == set()


def test_keepers_say_in_words_what_they_hold():
    assert [k.name for k in KEEPERS if not str(k.label) or not str(k.about).endswith(".")] == []
