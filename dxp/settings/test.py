"""The tests' house: everything real except speed of hashing and the world outside."""

import os

from dxp.settings.base import *  # noqa: F403
from dxp.settings.base import CACHES, DATABASES, REDIS_URL, VAR_DIR

SECRET_KEY = "only-for-tests-" + "0" * 50
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
# One Redis database per parallel test process, so that nobody flushes another's.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS_URL = CELERY_BROKER_URL = f"{REDIS_URL.rsplit('/', 1)[0]}/{_worker + 1}"
CACHES = {"default": {**CACHES["default"], "LOCATION": REDIS_URL}}
CELERY_TASK_ALWAYS_EAGER = False
# Most tests roll back what would drop a page; those of the cache switch it on.
PAGE_CACHE_MB = 0
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
DATABASES["default"]["CONN_MAX_AGE"] = 0
LAKE_DIR = VAR_DIR / f"test-lake-{_worker}"
MAIL_DIR = VAR_DIR / f"test-mail-{_worker}"
SITE_URL = WAGTAILADMIN_BASE_URL = "http://testserver"
SEND_RATE = 1000
SEND_CONNECTIONS = 1
