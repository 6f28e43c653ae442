"""Who tags in these tests, and how to ask what a thing is tagged with."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from content import tag
from content.models import Facet, Tagging, Term
from dxp.users.models import User


def staff(name, *groups):
    user = User.objects.create_user(name, f"{name}@alder.example")
    user.groups.set(Group.objects.filter(name__in=groups))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


def audience():
    """A facet with two terms, of which articles and fragments need one."""
    facet = Facet.objects.create(
        name="Audience", slug="audience", required_for=["content.articlepage", "content.fragment"]
    )
    for name in ("Beginners", "Savers"):
        Term.objects.create(facet=facet, name=name, slug=name.lower())
    return facet


def for_savers(page, at):
    """The page, which speaks of savers, with its suggestion."""
    page.title = "For savers"
    page.save()
    assert tag.suggest(page, at=at)
    return page


def place(thing, act=""):
    where = tag.place(thing)
    address = reverse("content_tags", args=[where["content_type_id"], where["object_id"]])
    return f"{address}{act}/" if act else address


def names(thing):
    return set(Tagging.objects.filter(**tag.place(thing)).values_list("term__name", flat=True))
