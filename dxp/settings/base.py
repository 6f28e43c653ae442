"""What is true everywhere."""

from pathlib import Path

import dj_database_url
from django.utils.translation import gettext_lazy as _

from dxp.settings import env

ROOT = Path(__file__).resolve().parent.parent.parent
VAR_DIR = (ROOT / env.read("VAR_DIR")).resolve()
LAKE_DIR = Path(env.read("LAKE_DIR") or VAR_DIR / "lake")
LAKE_URL = env.read("LAKE_URL")
LAKE_CACHE_GB = float(env.read("LAKE_CACHE_GB"))
CONVERSION_EVENT = env.read("CONVERSION_EVENT")

SECRET_KEY = env.read("SECRET_KEY")
ERASURE_KEYS = env.words("ERASURE_KEYS")
FILE_KEYS = env.words("FILE_KEYS")
EVENT_KEEP_DAYS = int(env.read("EVENT_KEEP_DAYS"))
DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
SITE_URL = env.read("SITE_URL") or f"http://localhost:{env.read('PORT')}"

INSTALLED_APPS = [
    "dxp.apps.DxpConfig",
    "analytics.apps.AnalyticsConfig",
    "journeys.apps.JourneysConfig",
    "content.apps.ContentConfig",
    "customers.apps.CustomersConfig",
    "dxp.users.apps.UsersConfig",
    "wagtail.contrib.forms",
    "wagtail.contrib.frontend_cache",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.locales",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "guardian",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]

# Collection stands before everything that costs: sessions, CSRF and sign-in mean nothing to an SDK.
MIDDLEWARE = [
    "content.middleware.PageCacheMiddleware",
    "customers.middleware.CollectionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dxp.middleware.ContentSecurityPolicyMiddleware",
    "dxp.middleware.LanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "content.admin.refusal.RefusalMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
    "content.admin.in_turn.InTurnMiddleware",
]

ROOT_URLCONF = "dxp.urls"
WSGI_APPLICATION = "dxp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        env.read("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 3
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.read("REDIS_URL") or "redis://127.0.0.1:6379/0"
CACHES = {
    "default": {
        "BACKEND": "dxp.lib.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1.0},
    }
}
PAGE_CACHE_MB = int(env.read("PAGE_CACHE_MB"))
CDN_PURGE_URL = env.read("CDN_PURGE_URL")
WAGTAILFRONTENDCACHE = (
    {"default": {"BACKEND": "content.cdn.KeyedBackend", "LOCATION": CDN_PURGE_URL}}
    if CDN_PURGE_URL
    else {}
)
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "wagtailadmin_login"
AUTHENTICATION_BACKENDS = [
    "dxp.users.signin.PeopleOnly",
    "guardian.backends.ObjectPermissionBackend",
]
# Guardian would make a user of that name, who then stands among the staff.
ANONYMOUS_USER_NAME = None

LANGUAGE_CODE = "en"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [
    ("en", _("English")),
    ("es", _("Spanish")),
    ("zh-hans", _("Chinese (simplified)")),
    ("ru", _("Russian")),
    ("ro", _("Romanian")),
    ("it", _("Italian")),
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.read("TIME_ZONE")

STATIC_URL = "/static/"
# Only production collects; the others serve the files from where they are.
STATIC_ROOT: Path | None = None
STATICFILES_DIRS = [ROOT / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"

WAGTAIL_SITE_NAME = "DXP"
WAGTAILADMIN_BASE_URL = SITE_URL
# Gravatar would tell a third party who signs in here.
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_FINISH_WORKFLOW_ACTION = "content.finish.publish"
WAGTAIL_I18N_ENABLED = True
WAGTAILIMAGES_IMAGE_MODEL = "content.Image"
WAGTAILDOCS_DOCUMENT_MODEL = "content.Document"
WAGTAILDOCS_MAX_UPLOAD_SIZE = int(float(env.read("UPLOAD_MB")) * 1024 * 1024)
WAGTAILIMAGES_MAX_UPLOAD_SIZE = min(20 * 1024 * 1024, WAGTAILDOCS_MAX_UPLOAD_SIZE)
WAGTAILIMAGES_IMAGE_FORM_BASE = "content.admin.uploads.ImageForm"
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "jpeg", "jpg", "png", "svg", "webp"]
# All frames of a moving picture together.
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 200_000_000
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "dxp.lib.uploads.BoundedUploadHandler",
]
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
TASKS = {"default": {"BACKEND": "content.background.RowBackend"}}

CELERY_BROKER_URL = REDIS_URL
# A broker that is away must delay a request by no more than this; hints may be lost.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "max_retries": 1,
}

SMTP_URL = env.read("SMTP_URL")
MAIL_FROM = env.read("MAIL_FROM")
# What Django and Wagtail write to colleagues goes through the same outbox.
EMAIL_BACKEND = "journeys.mailer.OutboxBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM
BOUNCE_ADDRESS = env.read("BOUNCE_ADDRESS")
BOUNCE_URL = env.read("BOUNCE_URL")
SEND_RATE = int(env.read("SEND_RATE"))
SEND_CONNECTIONS = int(env.read("SEND_CONNECTIONS"))
MAIL_DIR = VAR_DIR / "mail"
ALLOWED_NETWORKS = env.words("ALLOWED_NETWORKS")
LINK_HOSTS = env.words("LINK_HOSTS")

# Where phone numbers without a country code belong.
COUNTRY = env.read("COUNTRY")
# Requests a minute per token; 0 counts nobody.
COUNTRY_HEADER = env.read("COUNTRY_HEADER")
API_RATE = int(env.read("API_RATE"))

# A flood of one sender is held back before it reaches the inbox.
EVENT_RATE = float(env.read("EVENT_RATE"))
PROXIES = int(env.read("PROXIES"))

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["dxp.api.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["dxp.users.entry.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["dxp.api.Pace"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["dxp.users.entry.StrictParser"],
    "EXCEPTION_HANDLER": "dxp.api.problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "DXP",
    "DESCRIPTION": "Profiles, events, segments, consents, for programs. docs/api.md explains it.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["dxp.api.only_ours"],
    "ENUM_NAME_OVERRIDES": {
        "SegmentState": "customers.models.Segment.State",
        "ConsentState": "customers.models.ConsentEntry.State",
    },
}

# 'self' alone: pages carry no inline script or style, and load nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'self'"],
}
# Exceptions under /admin/ only, each with its reason:
CONTENT_SECURITY_POLICY_ADMIN = {
    # Wagtail's date pickers, inline panels and multiple choosers initialize by inline scripts.
    "script-src": ["'self'", "'unsafe-inline'"],
    # The page editor (Draftail) and ECharts set style attributes.
    "style-src": ["'self'", "'unsafe-inline'"],
    # Previews of uploads that have not been saved yet.
    "img-src": ["'self'", "data:", "blob:"],
}
X_FRAME_OPTIONS = "SAMEORIGIN"
# Wagtail previews pages in a frame of the same origin.
SILENCED_SYSTEM_CHECKS = ["security.W019"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.read("LOG_LEVEL")},
    "loggers": {
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "django_tasks": {"level": "WARNING"},
        "wagtail": {"level": "WARNING"},
    },
}
