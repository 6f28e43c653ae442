"""Who may do what: the seven roles and the rights each begins with."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from dxp.users.models import OfferedRight

ENTER = ["wagtailadmin.access_admin"]
PEOPLE = ["customers.view_profile", "customers.view_segment", "customers.view_profilelist"]
SEGMENTS = ["customers.add_segment", "customers.change_segment", "customers.delete_segment"]
SOURCES = [
    "customers.view_source", "customers.add_source", "customers.change_source",
    "customers.view_quarantine", "customers.replay_quarantine",
]  # fmt: skip
RETENTION = [f"customers.{act}_retentionrule" for act in ("view", "add", "change", "delete")]
# What people may do themselves, and so let a program do: tell about people, record what they
# decided, answer what they ask for.
TELLING = ["customers.change_profile", "customers.add_event"]
CONSENTS = ["customers.view_consententry", "customers.add_consententry"]
ASKED_FOR = ["customers.delete_profile"]
# What a trait means; what of people's traits is private, by class.
TRAITS = ["customers.view_traitdef", "customers.view_computedtrait"]
MEANINGS = [
    "customers.change_traitdef", "customers.add_computedtrait", "customers.change_computedtrait",
    "customers.delete_computedtrait",
]  # fmt: skip
PRIVATE = ["customers.see_name", "customers.see_contact", "customers.see_birth"]
SENSITIVE = ["customers.see_sensitive"]
IDENTITY = [
    "customers.merge_profile", "customers.view_blockedvalue", "customers.add_blockedvalue",
    "customers.delete_blockedvalue", "customers.view_linklimit", "customers.change_linklimit",
]  # fmt: skip
JOURNEYS = [
    f"journeys.{act}_{noun}"
    for noun in ("journey", "message")
    for act in ("view", "add", "change", "delete", "publish")
]
TOPICS = ["content.add_topic", "content.change_topic", "content.delete_topic"]
ACTS = ("view", "add", "change", "delete")
# What editors write besides pages; who publishes it goes by the page's rights as well.
WRITING = [
    *(f"content.{act}_{noun}" for noun in ("fragment", "form") for act in (*ACTS, "publish")),
    *(f"content.{act}_persona" for act in ACTS),
    "content.view_facet", "content.view_term", "content.view_tagging", "content.add_tagging",
    "content.change_tagging", "content.delete_tagging", "content.view_tagsuggestion",
    "content.change_tagsuggestion", "content.view_bulkrun", "content.share_document",
    "content.view_blockfault", "content.delete_blockfault", "simple_translation.submit_translation",
]  # fmt: skip
# Which words there are to tag with; how well the taggers do.
VOCABULARY = [
    *(f"content.{act}_{noun}" for noun in ("facet", "term") for act in ACTS[1:]),
    "content.merge_term", "content.view_taggermodel",
]  # fmt: skip
# What people wrote into forms.
SUBMISSIONS = ["content.view_submission"]
FORGETTING = ["content.delete_submission"]
# Who may do what to which thing, whose files are encrypted, what waits for a worker.
GRANTS = [
    "guardian.view_userobjectpermission", "guardian.add_userobjectpermission",
    "guardian.delete_userobjectpermission",
    *(f"content.{act}_sealedcollection" for act in ACTS),
    "content.view_backgroundtask", "content.change_backgroundtask",
]  # fmt: skip
OUTBOX = ["journeys.view_delivery", "journeys.view_sender"]
# What holds messages, and what may be done about those that did not go.
LIMITS = [
    f"journeys.{act}_{noun}"
    for noun in ("cap", "quiethours")
    for act in ("view", "add", "change", "delete")
]
SUPPRESSIONS = ["journeys.view_suppression", "journeys.add_suppression"]
# Who wants to be written to again: not for those who want to write.
LIFTING = ["journeys.delete_suppression"]
SENDERS = ["journeys.add_sender", "journeys.change_sender", "journeys.delete_sender"]
AGAIN = ["journeys.change_delivery"]
REPORTS = ["analytics.view_reports", "analytics.view_question", "analytics.view_annotation"]
# What others may open too: questions that are kept, remarks in charts, lists of people.
QUESTIONS = [
    f"analytics.{act}_{noun}"
    for noun in ("question", "annotation")
    for act in ("add", "change", "delete")
]
LISTS = [f"customers.{act}_profilelist" for act in ("add", "change", "delete")]
STAFF = ["users.view_user", "users.add_user", "users.change_user", "users.delete_user"]

ROLES: dict[str, list[str]] = {
    "Administrator": [
        *ENTER,
        *PEOPLE,
        *SEGMENTS,
        *SOURCES,
        *IDENTITY,
        *TELLING,
        *CONSENTS,
        *ASKED_FOR,
        *TRAITS,
        *MEANINGS,
        *PRIVATE,
        *SENSITIVE,
        *RETENTION,
        *JOURNEYS,
        *OUTBOX,
        *LIMITS,
        *SUPPRESSIONS,
        *LIFTING,
        *SENDERS,
        *AGAIN,
        *REPORTS,
        *QUESTIONS,
        *LISTS,
        *TOPICS,
        *WRITING,
        *VOCABULARY,
        *SUBMISSIONS,
        *FORGETTING,
        *GRANTS,
        *STAFF,
    ],
    "Marketer": [
        *ENTER,
        *PEOPLE,
        *SEGMENTS,
        *TRAITS,
        *MEANINGS,
        *PRIVATE,
        *JOURNEYS,
        *OUTBOX,
        *LIMITS,
        *SUPPRESSIONS,
        *AGAIN,
        *REPORTS,
        *QUESTIONS,
        *LISTS,
        *TOPICS,
        *WRITING,
        *VOCABULARY,
        *SUBMISSIONS,
    ],
    "Editor": [*ENTER, *TOPICS, *WRITING, "customers.view_segment"],
    "Analyst": [
        *ENTER,
        *PEOPLE,
        "customers.add_segment",
        "customers.change_segment",
        *TRAITS,
        *REPORTS,
        *QUESTIONS,
        *LISTS,
        "journeys.view_journey",
    ],
    "Data steward": [
        *ENTER,
        *PEOPLE,
        *SEGMENTS,
        *SOURCES,
        *IDENTITY,
        *TELLING,
        *CONSENTS,
        *ASKED_FOR,
        *TRAITS,
        *MEANINGS,
        *PRIVATE,
        *SENSITIVE,
        *RETENTION,
        *SUPPRESSIONS,
        *LIFTING,
        *SUBMISSIONS,
        *FORGETTING,
    ],
    "Adviser": [*ENTER, "customers.view_profile", *PRIVATE],
    "Developer": [
        *ENTER,
        *SOURCES,
        "customers.add_event",
        "customers.view_segment",
        "journeys.view_journey",
        *OUTBOX,
        *SENDERS,
        *AGAIN,
    ],
}
WRITERS = {"Administrator", "Editor", "Marketer"}
PAGE_RIGHTS = ["add_page", "change_page", "publish_page"]
FILE_RIGHTS = ["add_image", "change_image", "choose_image", "add_document", "choose_document"]


def seed() -> None:
    """Create the roles that are missing, and give existing ones the rights that are new.

    A right is offered to a role once: who took it away meant it.
    """
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    offered: dict[str, set[str]] = {}
    for role, right in OfferedRight.objects.values_list("role", "right"):
        offered.setdefault(role, set()).add(right)
    held = set(Permission.objects.filter(group__isnull=False).values_list("pk", flat=True))
    for name, rights in ROLES.items():
        group, created = Group.objects.get_or_create(name=name)
        new = [right for right in rights if right not in offered.get(name, ())]
        given = [known[right] for right in new]
        if not created and name not in offered:
            # Made before offers were written down: what no role has yet can only be new.
            given = [right for right in given if right.pk not in held]
        group.permissions.add(*given)
        OfferedRight.objects.bulk_create(OfferedRight(role=name, right=right) for right in new)
        if created and name in WRITERS:
            _let_write(group)
    _carry_over()


def _carry_over() -> None:
    """Give groups for our own images and documents what they had for Wagtail's, once."""
    ours = {
        permission.codename: permission
        for permission in Permission.objects.filter(
            content_type__app_label="content", content_type__model__in=["image", "document"]
        )
    }
    theirs = GroupCollectionPermission.objects.filter(
        permission__content_type__app_label__in=["wagtailimages", "wagtaildocs"]
    )
    for held in theirs.select_related("permission"):
        if held.permission.codename in ours:
            GroupCollectionPermission.objects.get_or_create(
                group_id=held.group_id,
                collection_id=held.collection_id,
                permission=ours[held.permission.codename],
            )
        held.delete()


def _let_write(group: Group) -> None:
    page, collection = Page.get_first_root_node(), Collection.get_first_root_node()
    for codename in PAGE_RIGHTS:
        GroupPagePermission.objects.get_or_create(
            group=group, page=page, permission=Permission.objects.get(codename=codename)
        )
    for permission in Permission.objects.filter(
        codename__in=FILE_RIGHTS, content_type__app_label="content"
    ):
        GroupCollectionPermission.objects.get_or_create(
            group=group, collection=collection, permission=permission
        )
