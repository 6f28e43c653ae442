"""One of everything, so that every address can be visited."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page

from customers import fold, identify, ingest, retry, segment
from customers.models import (
    BlockedValue,
    Event,
    IdentityLink,
    LinkLimit,
    Profile,
    Quarantine,
    RetentionRule,
    Source,
    TraitDef,
)
from dxp.users.models import User


def furnish(*, at):
    """Make one of each noun and return what a parameter of an address may be."""
    source = Source.objects.create(name="Shop")
    ingest.accept(
        source=source,
        events=[
            {
                "type": "identify",
                "userId": "ana",
                "anonymousId": "browser-ana",
                "messageId": "m1",
                "traits": {"email": "ana@example.com", "firstName": "Ana"},
            },
            {
                "type": "track",
                "event": "Signed Up",
                "userId": "ana",
                "anonymousId": "browser-ana",
                "messageId": "m2",
                "properties": {"form": "newsletter"},
            },
        ],
        at=at - timedelta(hours=1),
    )
    fold.drain(at=at)
    ana = Profile.objects.get(state="ACTIVE")
    group = segment.create(
        name="Subscribers",
        slug="subscribers",
        rule={
            "v": 1,
            "root": {
                "op": "event",
                "name": "Signed Up",
                "metric": "count",
                "window": "all",
                "cmp": "gte",
                "value": 1,
            },
        },
        at=at,
    )
    rejected = Quarantine.objects.create(
        source=source, received_at=at, reason="no event name", body={}
    )
    letter, path, delivery = _journey(group, ana, at)
    written = letter.save_revision()
    somebody = identify.ensure_alias(kind="anonymous", value="browser-bruno", at=at)
    topic, asked = _topic(), _question(at)
    hours = _fragment()
    form, sent = _form(at)
    by_place = {
        "wagtailusers_users": User.objects.order_by("pk").first().pk,
        "customers_profiles": ana.pk,
        "customers_tell_trait": ana.pk,
        "customers_merge": ana.pk,
        "customers_blocked": BlockedValue.objects.create(kind="user", value="test", at=at).pk,
        "customers_limits": LinkLimit.objects.first().pk,
        "customers_traits": TraitDef.objects.get(key="email").pk,
        "customers_computed": _computed(at),
        "customers_retention": RetentionRule.objects.create(value="Opened", keep_days=90).pk,
        "customers_segments": group.pk,
        "segment_chooser": group.pk,
        "customers_lists": _list(ana, at),
        "customers_sources": source.pk,
        "customers_rejected:progress": retry.begin(at=at).pk,
        "customers_rejected": rejected.pk,
        **_outbox(letter, delivery, at),
        "content_forms": form.pk,
        **_vocabulary(),
        "content_fragments": hours,
        "api_tags": hours,
        **_files(at),
        "wagtailsnippetchoosers_content_fragment": hours,
        "content_review": _review(at),
        **_looking(at),
        "analytics_question": asked,
        "analytics_remark": _remark(at),
        "wagtailsnippets_content_topic": topic.pk,
        "wagtailsnippetchoosers_content_topic": topic.pk,
        "content_access": topic.pk,
        **_helping(topic, at),
    }
    draft = _draft()
    by_place["wagtailadmin_api:pages"] = draft
    by_place["wagtailimages"] = by_place["wagtailadmin_api:images"]
    by_place["wagtailsnippetchoosers_content_form"] = by_place["content_forms"]

    def sample(door, parameter):
        """Return a value for one parameter of one address."""
        if parameter in {"pk", "object_id", "id"}:
            for place, number in by_place.items():
                if door.name.startswith(place):
                    return number
            if "message" in door.name:
                return letter.pk
            if "deliver" in door.name:
                return delivery.pk
            if "journey" in door.name:
                return path.pk
        known = {
            "kind": "fragment" if door.name.startswith("api_tags") else "track",
            "term": "topic:none",
            "page_id": draft,
            "content_type_id": ContentType.objects.get_for_model(Page).pk,
            "name": "none.jpg",
            "table": "pages",
            # Of no question in particular, so that there is none.
            "sheet": "days",
            "slug": group.slug,
            "segment_slug": group.slug,
            "public_id": ana.public_id,
            "profile_pk": ana.pk,
            "other": somebody.profile_id,
            "link": IdentityLink.objects.get().pk,
            "key": source.write_key,
            "write_key": source.write_key,
            "node": "welcome",
            "journey": path.pk,
            "fragment": hours,
            "submission": sent.pk,
            "question": asked,
            "segment": group.pk,
            "token": "tampered",
            "action_name": "approve",
            "task_state_id": by_place["content_review"],
            # Of no draft that is under review.
            "task_id": 0,
            "workflow_state_id": 0,
            # The front page; a feed; a size of a picture that no page asked for.
            "path": "",
            "topic": topic.slug,
            "signature": "tampered",
            "digest": "0",
            "spec": "original",
            "channel": "email",
            "adapter": "smtp",
            "act": "retry",
            # Of nobody: tokens are their owner's alone.
            "token_pk": 0,
            # Of links and sizes of pictures: nobody made one.
            "link_pk": 0,
            "rendition_id": 0,
            "image_id": by_place["wagtailadmin_api:images"],
            "document_id": by_place["content_files:"],
            "document_filename": by_place["fees.txt"],
            "filename": "none.jpg",
            # Of a version; a message has no such link.
            "number": 1 if "rollback" in door.name else 0,
            "run": delivery.enrollment_id,
            # Of a sender that sends mail: nobody hears answers for it.
            "sender": letter.sender_id,
            # With a key of nobody's callbacks.
            "provider": "postmark",
            # The thing on which rights are given, and a right of nobody's.
            "app_label": "content",
            "model_name": "topic",
            "row": 0,
            "revision_id": written.pk,
            "revision_id_a": "earliest",
            "revision_id_b": "latest",
        }
        if parameter not in known:
            raise AssertionError(f"Give {door.name} a sample of {parameter!r} in samples.py.")
        return known[parameter]

    assert Event.objects.exists()
    return sample


def _list(ana, at):
    from customers import gather

    return gather.create(name="Guests", profile_ids=[ana.pk], at=at).pk


def _computed(at):
    from customers import compute
    from customers.models import ComputedTrait

    made = ComputedTrait(event="Signed Up")
    compute.save(computed=made, key="sign_ups", label="Sign-ups", description="", at=at)
    return made.pk


def _outbox(letter, delivery, at):
    from datetime import time

    from journeys.models import Cap, QuietHours, Suppression

    hours = QuietHours.objects.create(begins=time(21), ends=time(8))
    stopped = Suppression.objects.create(
        contact_point=delivery.contact_point, cause="bounced", at=at
    )
    return {
        "journeys_senders": letter.sender_id,
        "journeys_caps": Cap.objects.create(most=3, hours=168).pk,
        "journeys_quiet": hours.pk,
        "journeys_suppressions": stopped.pk,
    }


def _question(at):
    from analytics.models import Question

    asked = {"kind": "attribution", "conversion": {"event": "Signed Up"}}
    made = Question(name="What led to sign-ups", asked=asked, created_at=at, changed_at=at)
    made.save()
    return made.pk


def _remark(at):
    from analytics.models import Annotation

    made = Annotation(happened_on=at.date(), text="Campaign began", created_at=at)
    made.save()
    return made.pk


def _form(at):
    """Return a form, and what somebody wrote into it."""
    from content.models import Form, Submission

    asked = {
        "label": "Why?", "key": "why", "help": "", "required": False, "trait": False,
        "waits": False, "kind": "text", "most": 80,
    }  # fmt: skip
    form = Form.objects.create(name="Advice", slug="advice", fields=[("text", asked)])
    return form, Submission.objects.create(
        form=form, answers=[["why", "Why?", "So"]], key="1", at=at
    )


def _files(at):
    """Return a document with a link to it, and a collection that is encrypted."""
    from django.core.files.base import ContentFile
    from wagtail.models import Collection

    from content.models import Document, SealedCollection

    root = Collection.get_first_root_node()
    document = Document(title="Fees", file=ContentFile(b"Fees", "fees.txt"), collection=root)
    document.save()
    sealed = SealedCollection.objects.create(collection=root.add_child(name="Board"), since=at)
    return {
        "content_files:unseal": sealed.pk, "content_files:": document.pk,
        "wagtailadmin_api:documents": document.pk, "wagtailadmin_api:images": _picture(),
        "fees.txt": document.filename,
    }  # fmt: skip


def _picture():
    from wagtail.images.tests.utils import get_test_image_file

    from content.models import Image

    return Image.objects.create(title="A house", file=get_test_image_file()).pk


def _vocabulary():
    """A facet with a term, and whose tags are asked about."""
    from content.models import Facet, Term

    facet = Facet.objects.create(name="Audience", slug="audience")
    term = Term.objects.create(facet=facet, name="Savers", slug="savers")
    page = Page.objects.order_by("-depth", "pk").first()
    return {"content_facets": facet.pk, "content_terms": term.pk, "content_tags": page.pk}


def _fragment():
    """Return what was written once."""
    from wagtail.models import Locale

    from content.models import Fragment

    words = [("text", "<p>We open at nine.</p>")]
    made = Fragment(name="Hours", body=words, locale=Locale.get_default())
    made.save()
    made.save_revision().publish()
    return made.pk


def _review(at):
    """Return a draft's review, asked for by nobody in particular."""
    from wagtail.models import Page, Workflow, WorkflowTask

    from content.models import ReviewTask, StandardPage

    root = Page.get_first_root_node()
    page = root.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    page.save_revision()
    workflow = Workflow.objects.create(name="Review")
    task = ReviewTask.objects.create(name="Review", days=3)
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    return workflow.start(page, None).current_task_state.pk


def _draft():
    """Return a page that nobody published."""
    from content.models import StandardPage

    return StandardPage.objects.get(slug="draft").pk


def _looking(at):
    """Return a made-up visitor and a broken block."""
    from content.models import BlockFault, Persona

    persona = Persona.objects.create(name="Saver").pk
    fault = BlockFault.objects.create(block="b", kind="quote", error="x", first_at=at, last_at=at)
    return {
        "wagtailsnippets_content_persona": persona,
        "wagtailsnippetchoosers_content_persona": persona,
        "content_fault": fault.pk,
    }


def _helping(topic, at):
    """An act on many things, and a bot."""
    from content import bulk

    bot = User.objects.create_user("bot-export", first_name="Export", is_bot=True)
    run = bulk.start(act="delete", model=type(topic), by=bot, at=at, ids=[topic.pk])
    return {"content_bulk": run.pk, "content_bots": bot.pk}


def _topic():
    from content.models import Topic

    return Topic.objects.create(name="Saving", slug="saving")


def _journey(group, ana, at):
    from customers.models import ContactPoint
    from journeys import enroll, publish
    from journeys.compose import House
    from journeys.models import Delivery, Enrollment, Journey, Message

    letter = Message.objects.create(
        name="Welcome letter", subject="Welcome", body=[("text", "Good to have you here.")]
    )
    house = House(site="http://testserver", sender="hello@alderandfinch.example")
    edition = publish.publish_message(message=letter, house=house, at=at)
    path = Journey.objects.create(
        name="Welcome",
        entry={"type": "segment", "segment": group.pk, "change": "entered"},
        segment=group,
        outline=[{"id": "welcome", "type": "send", "message": letter.pk}],
    )
    publish.publish(journey=path, at=at)
    enroll.fill(journey=path, at=at)
    delivery = Delivery.objects.create(
        enrollment=Enrollment.objects.get(),
        seq=1,
        node="welcome",
        profile=ana,
        message=letter,
        sender=letter.sender,
        edition=edition,
        contact_point=ContactPoint.objects.get(),
        state="SENT",
        queued_at=at,
        due_at=at,
        expires_at=at + timedelta(days=1),
        sent_at=at,
    )
    return letter, path, delivery
