"""The API keeps what its schema says, whatever it is asked: hundreds of requests from the schema.

The seed is fixed: the same schema gives the same requests. Each request is taken back.
"""

from __future__ import annotations

from collections import Counter

import pytest
import schemathesis
from django.contrib.auth.models import Permission
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from wagtail.models import Page, Site

from analytics import pose
from analytics.questions import asked as whole
from content import tag
from content.models import Facet, Fragment, HomePage, Term
from customers import segment
from customers.models import IdentityLink
from dxp.lib.clock import now
from journeys import enroll, publish
from journeys.models import Journey
from tests.customers import people

pytestmark = pytest.mark.django_db
EXAMPLES = 6
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.ignored_auth,
]


class Taken(Exception):
    """Ends a transaction without a trace."""


@pytest.fixture
def api(settings):
    """The schema, over WSGI in this process."""
    from dxp.wsgi import application

    settings.ALLOWED_HOSTS = ["*"]
    settings.API_RATE = 0
    # The end of a request would close the connection in which the test's transaction is open.
    moments = (request_started, request_finished)
    for moment in moments:
        moment.disconnect(close_old_connections)
    api = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    api.config.generation.deterministic = True
    # Every request bears a token; that nothing goes without one is a check of its own.
    api.config.generation.with_security_parameters = False
    yield api
    for moment in moments:
        moment.connect(close_old_connections)


def asked(case, header, world):
    """Send one request, hold the answer against the schema, and take it back."""
    for name, value in world.items():
        if name in case.path_parameters:
            case.path_parameters[name] = value
    if world and case.path.endswith("/decisions/") and "page" in (case.query or {}):
        case.query = {"page": world["page"], "profile": world["public_id"]}
    try:
        with transaction.atomic():
            answer = case.call_and_validate(headers=header, checks=CHECKS)
            raise Taken
    except Taken:
        return answer.status_code


def operations():
    """Name all operations, and say which of them can be asked wrongly."""
    from drf_spectacular.generators import SchemaGenerator

    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path, some in paths.items():
        for method, operation in some.items():
            yield pytest.param(path, method.upper(), GenerationMode.POSITIVE)
            asks = any(one["in"] == "query" for one in operation.get("parameters", ()))
            if asks or "requestBody" in operation:
                yield pytest.param(path, method.upper(), GenerationMode.NEGATIVE)


@pytest.fixture
def world():
    """Somebody and something to ask for, and the header of a program that may do all."""
    ana, eva = people.ana(), people.chen()
    group = segment.create(name="Croatia", slug="croatia", rule=people.from_country("HR"), at=now())
    mara = people.marketer()
    rights = (
        "view_journey", "publish_journey", "view_reports", "view_fragment", "view_term",
        "change_fragment", "publish_fragment", "add_tagging", "delete_tagging",
    )  # fmt: skip
    mara.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    secret = people.token(mara, "all")["HTTP_AUTHORIZATION"]
    link = IdentityLink.objects.get().pk
    journey = Journey.objects.create(
        name="Quotes", entry={"type": "api"}, reentry="KEYED",
        outline=[{"id": "rest", "type": "delay", "mode": "for", "amount": 1, "unit": "days"}],
    )  # fmt: skip
    publish.publish(journey=journey, at=now())
    run = enroll.by_hand(journey=journey, profile_id=eva.pk, at=now(), by="mara")
    kept = pose.keep(name="Visits", asked=whole.parse({"kind": "visits"}), at=now())
    page = Page.get_first_root_node().add_child(instance=HomePage(title="Home", slug="site"))
    Site.objects.filter(is_default_site=True).update(root_page=page)
    facet = Facet.objects.create(name="Life", slug="life")
    term = Term.objects.create(facet=facet, name="A home", slug="a-home")
    piece = Fragment(name="Hours", body=[("quote", {"text": "At nine."})], locale=page.locale)
    piece.save()
    tag.give(piece, term, by=None, at=now())
    there = {
        "question": kept.pk, "page": page.pk, "fragment": piece.pk,
        "public_id": str(ana.public_id), "slug": group.slug, "link": link, "journey": journey.pk,
        "run": run.pk, "kind": "fragment", "object_id": piece.pk, "term": "life:a-home",
    }  # fmt: skip
    return there, {"Authorization": secret}, str(eva.public_id)


@pytest.mark.parametrize(("path", "method", "mode"), list(operations()))
def test_an_operation_keeps_its_schema(api, world, path, method, mode):
    there, header, _other = world

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=api[path][method].as_strategy(generation_mode=mode))
    def run(case):
        # Half of the requests are about somebody who is there.
        answers[asked(case, header, there if answers.total() % 2 else {})] += 1

    answers = Counter()
    run()

    assert answers.total() >= EXAMPLES // 2
    # What went well is held against the schema too, not only errors; for writes by the examples.
    if method in {"GET", "DELETE"} and mode is GenerationMode.POSITIVE:
        assert path.endswith("/erasure/") or any(status < 300 for status in answers), answers


def told():
    """Name the bodies that the schema shows."""
    from drf_spectacular.generators import SchemaGenerator

    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path, some in paths.items():
        for method, operation in some.items():
            for kind in operation.get("requestBody", {}).get("content", {}).values():
                for name, example in kind.get("examples", {}).items():
                    yield pytest.param(path, method, example["value"], id=name)


@pytest.mark.parametrize(("path", "method", "body"), list(told()))
def test_the_examples_of_the_schema_are_taken(api, world, path, method, body):
    there, header, other = world
    body = {**body, "profile": other} if "profile" in body else body
    body = {**body, "profile_id": there["public_id"]} if "profile_id" in body else body
    named = {name: value for name, value in there.items() if f"{{{name}}}" in path}
    case = api[path][method.upper()].Case(
        path_parameters=named, body=body, media_type="application/json", headers=header
    )

    answer = case.call_and_validate(checks=CHECKS)

    assert answer.status_code in {200, 201, 202}
