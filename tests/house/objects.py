"""Every address of the admin, and of the API, that may show Amber or Birch."""

from __future__ import annotations

import re

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver, reverse
from wagtail.admin.views.bulk_action.registry import bulk_action_registry
from wagtail.models import Page, TaskState

from content.models import Form, Fragment, Topic
from dxp.users.models import User
from tests.house.pairs import NAMES, stem

# Parameters that name the thing an address is about.
ITSELF = {
    "pk", "page_id", "parent_page_id", "page_to_move_id", "image_id", "document_id",
    "doc_id",
    "object_id", "page_pk", "collection_id", "fragment",
}  # fmt: skip
# Not about things of ours: words, people, settings, what is about to be made.
ELSEWHERE = re.compile(
    r"^(users_|journeys|customers|analytics|segment_chooser|wagtailadmin_(account|logout|login|"
    r"password|dismissibles|sprite|javascript|error_test|workflows|block_preview|"
    r"choose_page_(external|email|phone|anchor))|wagtailredirects|wagtailsettings|wagtailembeds|"
    r"content_(fault|bulk|bots|files:(take|unseal)|terms|facets)|wagtailsnippet.*_persona|"
    r"wagtaillocales|wagtailsites|wagtailusers|wagtailsnippets:|wagtailsnippet.*_journeys_|"
    r"wagtail(docs|images):.*upload)"
)

# What of the API is about single things; the rest answers what everybody may read.
API = "api_fragment_"
TAGS = "api_tags"


def person(name, *groups, **told):
    """Return somebody who may enter the admin."""
    user = User.objects.create_user(
        name, f"{name}@alderandfinch.example", "a long password", **told
    )
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    user.groups.add(*Group.objects.filter(name__in=groups))
    return user


class Address:
    """One address of the admin: of the thing it is about, or a list (`kind` is None)."""

    def __init__(self, name, kind, of):
        self.name, self.kind, self._of = name, kind, of

    def path(self, thing=None):
        """Return where it is, for a thing."""
        return self._of(thing)


def addresses(found):
    """Return every address that could show a thing, and the bulk acts over both."""
    owners = _owners()
    both = {kind: pair.things for kind, pair in found.items()}
    for name, route, parameters in _walk(get_resolver(), (), ""):
        ours = route.startswith("admin/") or name.startswith((API, TAGS))
        if not ours or name.endswith("?") or ELSEWHERE.match(name):
            continue
        if name == "wagtail_bulk_action":
            yield from _bulk(both)
        elif name.startswith(TAGS):
            for kind in sorted({"page", "fragment", "image", "document"} & set(both)):
                yield Address(f"{name} {kind}", kind, _tags(name, parameters, kind))
        elif ({"app_label", "model_name"} <= set(parameters) and ITSELF & set(parameters)) or (
            {"content_type_id", "object_id"} <= set(parameters)
        ):
            for kind in both:
                yield Address(f"{name} {kind}", kind, _reverse(name, parameters))
        elif not set(parameters) <= ITSELF | set(SAMPLES):
            yield Address(name, "unknown", None)
        elif ITSELF & set(parameters):
            yield Address(name, _owner(owners, name) or "unknown", _reverse(name, parameters))
        else:
            yield from _lists(name, parameters, both.get(_owner(owners, name)))


def _owner(owners, name):
    return next((kind for start, kind in owners.items() if name.startswith(start)), None)


def _owners():
    owners = {
        "wagtailadmin_api:pages": "page", "wagtailadmin_api:images": "image",
        "wagtailadmin_api:documents": "document", "wagtailimages": "image",
        "wagtaildocs": "document", "wagtailadmin_": "page", "wagtailforms": "page",
        "simple_translation:submit_page": "page", "content_look": "page",
        "content_files:links": "document", "content_review": "page", API: "fragment",
        "wagtailadmin_collections": "collection",
    }  # fmt: skip
    for kind, model in (
        ("fragment", Fragment),
        ("form", Form),
        ("topic", Topic),
    ):
        if viewset := getattr(model, "snippet_viewset", None):
            owners[viewset.url_namespace + ":"] = kind
            owners[viewset.get_chooser_admin_url_namespace() + ":"] = kind
    return dict(sorted(owners.items(), key=lambda owner: -len(owner[0])))


def _reverse(name, parameters):
    def of(thing):
        # Rights are on a page, whatever its kind; the page of a review is one of a step.
        named = stem(thing)._meta if name.startswith("content_access") else thing._meta
        told = {one: _value(one, thing) for one in parameters}
        if "model_name" in told:
            told |= {"app_label": named.app_label, "model_name": named.model_name}
        if name == "content_review":
            told = {"pk": SAMPLES["task_state_id"](thing)}
        return reverse(name, kwargs=told)

    return of


def _tags(name, parameters, kind):
    def of(thing):
        told = {"kind": kind, "object_id": thing.pk, "term": "topic:none"}
        return reverse(name, kwargs={one: told[one] for one in parameters})

    return of


def _states(thing):
    return TaskState.objects.filter(revision__object_id=str(thing.pk))


# What the other parameters of an address may be, for a thing.
SAMPLES = {
    "app_label": lambda thing: thing._meta.app_label,
    "model_name": lambda thing: thing._meta.model_name,
    "content_type_app_name": lambda _thing: "content",
    "content_type_model_name": lambda _thing: "standardpage",
    "app_name": lambda _thing: "taggit",
    "session_id": lambda _thing: 999999,
    "filter_spec": lambda _thing: "max-165x165",
    "action_name": lambda _thing: "approve",
    "destination_id": lambda _thing: Page.objects.get(depth=2, slug="objects").pk,
    "revision_id": lambda thing: thing.latest_revision_id or 0,
    "revision_id_a": lambda _thing: "earliest",
    "revision_id_b": lambda _thing: "latest",
    "task_id": lambda thing: _states(thing).values_list("task_id", flat=True).first() or 0,
    "task_state_id": lambda thing: _states(thing).values_list("pk", flat=True).first() or 0,
    "workflow_state_id": lambda thing: (
        _states(thing).values_list("workflow_state_id", flat=True).first() or 0
    ),
    "row": lambda _thing: 0,
    "submission": lambda _thing: 0,
    "content_type_id": lambda thing: ContentType.objects.get_for_model(stem(thing)).pk,
    "act": lambda _thing: "accept",
}


def _value(parameter, thing):
    return thing.pk if parameter in ITSELF else SAMPLES[parameter](thing)


def _lists(name, parameters, things):
    if name == "wagtailadmin_editing_sessions:release":
        return
    model = "tag" if name == "wagtailadmin_tag_model_autocomplete" else "standardpage"
    told = {"app_label": "content", "model_name": model}
    path = reverse(name, kwargs={one: told.get(one) or SAMPLES[one](None) for one in parameters})
    if "chosen_multiple" in name and things:
        ids = "&".join(f"id={thing.pk}" for thing in things)
        yield Address(name, None, lambda _thing: f"{path}?{ids}")
        return
    yield Address(name, None, lambda _thing: path)
    if name.endswith((":search", ":index", ":list", ":choose", "_search", ":listing")):
        word = "search" if ":listing" in name else "q"
        yield Address(f"{name} ?q", None, lambda _thing: f"{path}?{word}={NAMES[1]}")


def _bulk(both):
    for things in both.values():
        model = Page if isinstance(things[0], Page) else type(things[0])
        label, name = model._meta.app_label, model._meta.model_name
        for act in bulk_action_registry.get_bulk_actions_for_model(label, name):
            path = reverse("wagtail_bulk_action", args=[label, name, act.action_type])
            ids = "&".join(f"id={thing.pk}" for thing in things)
            for words, query in (("both", ids), ("all", "id=all")):
                yield Address(
                    f"bulk {name} {act.action_type} {words}", None,
                    lambda _thing, path=path, query=query: f"{path}?{query}",
                )  # fmt: skip


def _walk(resolver, namespaces, route):
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern, inner, here)
        else:
            names = pattern.pattern.regex.groupindex or pattern.pattern.converters
            yield ":".join((*namespaces, pattern.name or "?")), here, tuple(names)
