"""`make serve`: the house on one machine, for its builders and for a first look."""

from dxp.settings.base import *  # noqa: F403
from dxp.settings.base import SECRET_KEY, VAR_DIR

if not SECRET_KEY:
    # `serve` makes one per VAR_DIR; a bare management command may run before it did.
    kept = VAR_DIR / "secret-key"
    SECRET_KEY = kept.read_text() if kept.exists() else "only-for-development-" + "0" * 40
ALLOWED_HOSTS = ["*"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 0
