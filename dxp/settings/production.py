"""The house in public. It refuses to start on a setting that would leave a door open."""

from django.core.exceptions import ImproperlyConfigured

from dxp.settings import env
from dxp.settings.base import *  # noqa: F403
from dxp.settings.base import ALLOWED_HOSTS, DEBUG, ROOT, SECRET_KEY, SITE_URL

if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("only-for-"):
    raise ImproperlyConfigured("Set SECRET_KEY to a random text of 50 characters or more.")
if DEBUG:
    raise ImproperlyConfigured("DEBUG shows the inside of the house to everyone: leave it off.")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("Name the site's hosts in ALLOWED_HOSTS; `*` is not one.")
if not env.read("DATABASE_URL") or not env.read("REDIS_URL"):
    raise ImproperlyConfigured("Name the servers in DATABASE_URL and REDIS_URL.")
if not env.read("SITE_URL"):
    raise ImproperlyConfigured("Set SITE_URL: links in messages begin with it.")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CSRF_TRUSTED_ORIGINS = [SITE_URL]
_https = env.flag("HTTPS")
SECURE_SSL_REDIRECT = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
# A redirect would lose an SDK's batch (all four server SDKs follow it as GET), health checks too.
SECURE_REDIRECT_EXEMPT = [r"^v1/", r"^beacon/", r"^healthz$"]
STATIC_ROOT = ROOT / "staticfiles"
