"""`/api/v1/questions/` and `/api/v1/answers/`: what people ask, answered for programs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import pose, query, shelf
from analytics.measures.base import Measure
from analytics.models import Question
from analytics.query import Table
from analytics.questions import asked as whole
from analytics.questions.base import QuestionError, Sheet
from dxp.lib import clock
from dxp.users.asking import Asking, ListView
from dxp.users.entry import Need, Unprocessable
from dxp.users.rest import Resource
from dxp.users.shapes import Anything, Told, answers, page_of

READ = {"GET": Need("questions:read")}


class QuestionShape(serializers.Serializer[Question]):
    """A question that somebody keeps."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    asked = Anything(help_text="What is asked: `kind`, `period`, `who` and the kind's own keys.")
    on_home = serializers.BooleanField()
    revision = serializers.IntegerField()
    changed_at = serializers.DateTimeField(default_timezone=UTC)


class ColumnShape(serializers.Serializer[Any]):
    """One column of a table."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField(help_text="text, day, number, share, seconds or money.")


class SheetShape(serializers.Serializer[Any]):
    """One table of an answer."""

    name = serializers.CharField()
    title = serializers.CharField()
    columns = ColumnShape(many=True)
    rows = serializers.ListField(
        child=serializers.ListField(child=serializers.JSONField(allow_null=True))
    )


class AnswerShape(serializers.Serializer[Any]):
    """What came out, of which days, and as of when."""

    as_of = serializers.DateTimeField(default_timezone=UTC)
    first = serializers.DateField()
    last = serializers.DateField()
    sentence = serializers.CharField(allow_blank=True)
    sheets = SheetShape(many=True)


class AskedTold(Told):
    """A question, as the address of its page in the admin tells it."""

    asked = Anything(help_text="`kind`, `period`, `compare`, `who` and the kind's own keys.")


class Away(exceptions.APIException):
    """The machine answers as many questions as it can."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    wait = 5


class QuestionsView(ListView):
    """All questions that are kept, the oldest first."""

    needs = READ
    serializer_class = QuestionShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Question]:
        """Return the questions."""
        return Question.objects.all()

    @extend_schema(
        operation_id="questions", summary="Questions that are kept", parameters=[Asking],
        responses=answers(page_of(QuestionShape)),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Answer one page of questions."""
        return self.answer(request)


class QuestionView(Resource):
    """One question that is kept."""

    needs = READ
    serializer_class = QuestionShape

    @extend_schema(
        operation_id="question", summary="One question", responses=answers(QuestionShape, 404)
    )
    def get(self, request: Request, question: int) -> Response:
        """Answer one question."""
        found = get_object_or_404(Question, pk=question)
        return self.told(request, dict(QuestionShape(found).data))


class AnswerView(Resource):
    """The answer to a kept question, as of now."""

    needs = READ
    serializer_class = AnswerShape

    @extend_schema(
        operation_id="answer", summary="The answer to a question that is kept",
        responses=answers(AnswerShape, 404, 422, 503),
    )  # fmt: skip
    def get(self, request: Request, question: int) -> Response:
        """Answer the question.

        Raises:
            Unprocessable: it asks for something that is not there any more.
        """
        found = get_object_or_404(Question, pk=question)
        try:
            return self.told(request, answered(found.asked))
        except QuestionError as error:
            raise Unprocessable(_(error.words)) from error


class AnswersView(Resource):
    """The answer to any question."""

    needs = {"POST": Need("questions:read")}
    serializer_class = AnswerShape

    @extend_schema(
        operation_id="ask",
        summary="Ask a question",
        description="Changes nothing: what is asked is too long for an address.",
        request=AskedTold,
        responses=answers(AnswerShape, 413, 415, 503),
        examples=[
            OpenApiExample(
                "Orders of a month",
                request_only=True,
                value={
                    "asked": {
                        "kind": "trend",
                        "series": [{"event": "Order Completed"}],
                        "period": {"last": [30, "days"]},
                    }
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer the question.

        Raises:
            ValidationError: it asks none.
        """
        told = AskedTold.read(request)
        try:
            return self.told(request, answered(told["asked"]))
        except QuestionError as error:
            raise exceptions.ValidationError({"asked": _nested(error)}) from error


def answered(raw: Any) -> dict[str, Any]:
    """Return the answer to a question.

    Raises:
        QuestionError: it asks none.
        Away: too many ask at once, or it takes too long.
    """
    at = clock.now()
    lake = shelf.lake(settings.LAKE_DIR, settings.LAKE_URL, settings.LAKE_CACHE_GB)

    def ask(measure: Measure, **parameters: Any) -> Table:
        return query.ask(measure, lake=lake, at=at, **parameters)

    try:
        found = pose.answer(asked=whole.parse(raw), zone=settings.TIME_ZONE, at=at, via=ask)
    except query.Busy as error:
        raise Away(_("Many ask at once, or this looks at very much. Try again.")) from error
    return {
        "as_of": found.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "first": found.days.first.isoformat(),
        "last": found.days.last.isoformat(),
        "sentence": found.shown.sentence,
        "sheets": [_sheet(one) for one in found.shown.sheets],
    }


def _sheet(sheet: Sheet) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "title": str(sheet.title),
        "columns": [
            {"key": one.key, "label": str(one.label), "kind": one.kind} for one in sheet.columns
        ],
        "rows": [[_plain(cell) for cell in row] for row in sheet.rows],
    }


def _plain(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return float(cell)
    return cell.isoformat() if isinstance(cell, (date, datetime)) else cell


def _nested(error: QuestionError) -> Any:
    """Return the fault at its place, as the fields of a body tell theirs."""
    found: Any = [_(error.words)]
    for step in reversed(error.path.split(".") if error.path else []):
        found = {step: found}
    return found
