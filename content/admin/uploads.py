"""The form behind every upload of a picture."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from content import admit


class CheckedImageField(WagtailImageField):  # type: ignore[misc]
    """Looks at a picture before Wagtail does, which would read all of one with too many pixels."""

    def to_python(self, data: Any) -> Any:
        """Return the picture.

        Raises:
            ValidationError: it is not taken.
        """
        if data:
            self.check_image_file_size(data)
            try:
                admit.check(data, admit.IMAGE)
            except admit.Refused as error:
                raise ValidationError(str(error)) from error
        return super().to_python(data)


class ImageForm(BaseImageForm):  # type: ignore[misc]
    """Wagtail's form with that field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.fields.get("file")
        if asked is not None:
            self.fields["file"] = CheckedImageField(
                label=asked.label, required=asked.required, widget=asked.widget,
                help_text=asked.help_text,
            )  # fmt: skip
