"""Two things of each kind, Amber and Birch: reviewed, used, and worked on."""

from __future__ import annotations

from io import BytesIO
from uuid import uuid4

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from guardian.shortcuts import assign_perm
from PIL import Image as Picture
from wagtail.log_actions import log
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    Page,
    ReferenceIndex,
    Workflow,
    WorkflowTask,
)
from wagtail.search.index import class_is_indexed, insert_or_update_object

from content.models import Document, Form, Fragment, HomePage, Image, StandardPage, Topic
from dxp.users.models import User

NAMES = ("Amber", "Birch")


class Pair:
    """Amber and Birch of one kind."""

    def __init__(self, kind, make, rights):
        self.kind, self.rights = kind, rights
        self.things = [make(name) for name in NAMES]
        for thing in self.things:
            if class_is_indexed(type(thing)):
                insert_or_update_object(thing)

    def grant(self, user):
        """Give somebody every right on Amber."""
        amber = self.things[0]
        thing = Page.objects.get(pk=amber.pk) if isinstance(amber, Page) else amber
        names = [f"{right}_{thing._meta.model_name}" for right in self.rights]
        for name in Permission.objects.filter(codename__in=names).values_list(
            "codename", flat=True
        ):
            assign_perm(name, user, thing)


def image(name):
    """Return a small picture."""
    file = BytesIO()
    Picture.new("RGB", (8, 8), "white").save(file, "PNG")
    return Image.objects.create(title=f"{name} picture", file=ImageFile(file, f"{name}.png"))


def pairs():
    """Make two of each kind; the pages are drafts below the home page."""
    root = Page.get_first_root_node()
    home = root.add_child(instance=HomePage(title="Home", slug="objects"))

    def page(name):
        made = StandardPage(title=f"{name} page", slug=name.lower(), live=False, locked=True)
        home.add_child(instance=made)
        made.save_revision()
        return made

    def document(name):
        return Document.objects.create(title=f"{name} paper", file=ContentFile(b"x", f"{name}.txt"))

    def fragment(name):
        made = Fragment.objects.create(name=f"{name} words", live=False, body=[])
        made.save_revision()
        return made

    def form(name):
        made = Form.objects.create(name=f"{name} form", slug=name.lower(), live=False, fields=[])
        made.save_revision()
        return made

    def topic(name):
        return Topic.objects.create(name=f"{name} topic", slug=name.lower())

    def collection(name):
        return Collection.get_first_root_node().add_child(name=f"{name} shelf")

    every = ["change", "delete", "view"]
    found = {
        "page": Pair("page", page, ["change", "publish", "lock", "unlock"]),
        "image": Pair("image", image, ["change", "choose"]),
        "document": Pair("document", document, ["change", "choose"]),
        "fragment": Pair("fragment", fragment, [*every, "publish", "lock", "unlock"]),
        "form": Pair("form", form, [*every, "publish"]),
        "topic": Pair("topic", topic, ["change", "delete"]),
        "collection": Pair("collection", collection, ["view", "add", "change"]),
    }
    _review(found)
    _use(found)
    _tell(found)
    return found


def stem(thing):
    return Page if isinstance(thing, Page) else type(thing)


def _use(found):
    """Let Birch's page and fragment hold every Amber: who may see where it is used sees neither."""
    for kind, field in (("page", "title"), ("fragment", "name")):
        holder = found[kind].things[1]
        base = stem(holder)
        for pair in found.values():
            ReferenceIndex.objects.create(
                content_type=ContentType.objects.get_for_model(type(holder)),
                base_content_type=ContentType.objects.get_for_model(base),
                object_id=str(holder.pk),
                to_content_type=ContentType.objects.get_for_model(stem(pair.things[0])),
                to_object_id=str(pair.things[0].pk),
                model_path=field, content_path=field, content_path_hash=uuid4(),
            )  # fmt: skip


def _tell(found):
    """Write into the log of everything that somebody worked on it."""
    author = User.objects.get(username="author")
    for pair in found.values():
        for thing in pair.things:
            log(instance=thing, action="wagtail.edit", user=author)


def _review(found):
    moderators = Group.objects.get_or_create(name="Moderators")[0]
    task = GroupApprovalTask.objects.create(name="Look at it")
    task.groups.add(moderators)
    workflow = Workflow.objects.create(name="Review")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=1)
    anybody = User.objects.create_user("author")
    for kind in ("page", "fragment"):
        for thing in found[kind].things:
            workflow.start(thing, anybody)
