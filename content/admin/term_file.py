"""The vocabulary as a file: out, and in again."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET
from wagtail.admin import messages

from content import terms
from content.admin.term_page import crumbs
from dxp.lib import clock, sheets

LARGEST_FILE = 2_000_000
SHOWN_FAULTS = 50


@require_GET
def file(request: HttpRequest) -> StreamingHttpResponse:
    """Answer with the vocabulary as a file that `load` takes back.

    Raises:
        PermissionDenied: the person may not see terms.
    """
    if not request.user.has_perm("content.view_term"):
        raise PermissionDenied
    lines = sheets.lines(terms.rows())
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="terms.csv"'
    return answer


class FileForm(forms.Form):
    """A file of terms."""

    file = forms.FileField(
        label=lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=lazy(
            "CSV as it is downloaded: facet, term, name, part_of, also_called (with | between), "
            "description. Terms that the file does not name stay as they are."
        ),
    )

    def clean_file(self) -> str:
        """Return the text of the file.

        Raises:
            ValidationError: it is too large or no text.
        """
        told = self.cleaned_data["file"]
        if told.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file may have 2 MB."))
        try:
            return str(told.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("The file must be text in UTF-8.")) from error


def load(request: HttpRequest) -> HttpResponse:
    """Take a file of terms in.

    Raises:
        PermissionDenied: the person may not add and change terms.
    """
    if not request.user.has_perms(["content.add_term", "content.change_term"]):
        raise PermissionDenied
    form = FileForm(request.POST or None, request.FILES or None)
    faults: list[tuple[int, str]] = []
    if request.method == "POST" and form.is_valid():
        found = terms.load(text=form.cleaned_data["file"], at=clock.now())
        faults = found.faults
        if not faults:
            words = _("%(made)d terms added, %(changed)d changed.")
            messages.success(request, words % {"made": found.made, "changed": found.changed})
            return redirect("content_terms:index")
    told = {
        "form": form,
        "faults": faults[:SHOWN_FAULTS],
        "page_title": _("Load terms"),
        "header_title": _("Load terms"),
        "header_icon": "upload",
        "breadcrumbs_items": crumbs(_("Load terms")),
    }
    return render(request, "content/tags/load.html", told)
