"""Remarks beside days: written and taken away on the page of a question."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.generic import View
from wagtail.admin.auth import permission_required
from wagtail.log_actions import log

from analytics import pose
from analytics.models import Annotation, Question
from dxp.lib import clock


class RemarkForm(forms.ModelForm):  # type: ignore[type-arg]
    """A day, the words, and where they are shown."""

    class Meta:
        model = Annotation
        fields = ["happened_on", "text", "question"]


class RemarkAdd(View):
    """Writes a remark."""

    @method_decorator(permission_required("analytics.add_annotation"))
    def post(self, request: HttpRequest) -> HttpResponse:
        """Write it and go back."""
        user: Any = request.user
        form = RemarkForm(request.POST)
        if not form.is_valid():
            faults = [str(fault) for found in form.errors.values() for fault in found]
            messages.error(request, " ".join([_("The remark was not written."), *faults]))
            return redirect(_back(request))
        told = form.cleaned_data
        question: Question | None = told["question"]
        made = pose.annotate(
            on=told["happened_on"], text=told["text"], question=question, at=clock.now(), by=user
        )
        log(instance=made, action="wagtail.create", user=user)
        messages.success(request, _("The remark stands beside its day."))
        return redirect(_back(request))


class RemarkDelete(View):
    """Takes a remark away."""

    @method_decorator(permission_required("analytics.delete_annotation"))
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take it away and go back."""
        user: Any = request.user
        remark = get_object_or_404(Annotation, pk=pk)
        log(instance=remark, action="wagtail.delete", user=user)
        remark.delete()
        messages.success(request, _("The remark is gone."))
        return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return the page that the remark was written on, if it is one of ours."""
    asked = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}):
        return asked
    return reverse("analytics_questions")
