"""Settings, all from the environment. Nothing set: a system for development with its own servers.

Read in this order: what kind of system, its servers, its applications, who may come in, the web's
protection, words and files, the queue, what it says about itself.
"""

from __future__ import annotations

import os
import sys
import zoneinfo

import environ
import pghistory
import pgtrigger
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded, environment, logs

# The pinned tzdata package counts, not the machine's older copy.
os.environ["PYTHONTZPATH"] = ""
zoneinfo.reset_tzpath(to=())

BASE_DIR = environment.BASE_DIR
VAR_DIR = environment.var_dir()
env = environ.Env()

RINGBACK_ENV = env.str("RINGBACK_ENV", default="development")
if RINGBACK_ENV not in ("development", "production"):
    raise ImproperlyConfigured(f"RINGBACK_ENV is {RINGBACK_ENV!r}; it may be development or production.")
PRODUCTION = RINGBACK_ENV == "production"
if PRODUCTION:
    environment.require_production(os.environ)

DEBUG = False
RINGBACK_DEMO = env.bool("RINGBACK_DEMO", default=False)
RINGBACK_CLOCK = environment.clock(env.str("RINGBACK_CLOCK", default="")) if RINGBACK_DEMO else ""
CLOCK_REFRESH_S: float | None = None if PRODUCTION else 1.0
"""How often a process looks whether the clock was moved; None: never, its clock is the machine's."""

SECRET_KEY = env.str("SECRET_KEY", default="") or environment.own_secret(VAR_DIR)
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
SENTRY_DSN = env.str("SENTRY_DSN", default="")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_KEY = env.str("TWILIO_API_KEY", default="")
TWILIO_API_SECRET = env.str("TWILIO_API_SECRET", default="")

# --- servers

DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not (DATABASE_URL and REDIS_URL)
servers = embedded.ensure(VAR_DIR) if EMBEDDED else None
if DATABASE_URL:
    database = env.db_url_config(DATABASE_URL)
    if "postgresql" not in database["ENGINE"]:
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database (postgres://…).")
else:
    assert servers is not None
    database = {"NAME": embedded.DATABASE, "USER": embedded.USER, "HOST": servers.socket_dir}
database["ENGINE"] = "django.db.backends.postgresql"
database.setdefault("OPTIONS", {})
database["OPTIONS"].setdefault("connect_timeout", 5)
RINGBACK_WEB = env.bool("RINGBACK_WEB", default=False)
"""Set by gunicorn.py: only web processes pool connections. A pool waits while the database is down."""
if RINGBACK_WEB:
    database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": env.int("WEB_THREADS", default=8) + 2, "timeout": 5}
else:
    database["CONN_MAX_AGE"] = 60
database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_URL = REDIS_URL or f"redis+socket://{servers.redis_socket}?virtual_host=0"  # type: ignore[union-attr]
CACHES = {
    # Shared by all processes, for what counts attempts at a login; not Redis, which may freeze.
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "config_cache"},
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# --- applications

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "onboarding",
    "calls",
    "memberships",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pghistory",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "django_tables2",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
    "django_prometheus",
    "django_structlog",
    "django.forms",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "config.logs.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.uploads.LengthMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.second_factor.SecondFactorMiddleware",
    "config.accounts.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.errors.RefusedMiddleware",
    "config.idempotency.IdempotencyMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "memberships.frame.context",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "tables/table.html"

# --- who

AUTH_USER_MODEL = "memberships.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_FORMS = {"login": "config.signing_in.LoginForm"}
ACCOUNT_ADAPTER = "config.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up: the adapter is closed
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody makes us write to strangers
# None by address: behind a proxy it is everybody's, and one guesser would keep the whole club out.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "5/300s/key",  # codes of the second factor; passwords are counted by axes
    "reset_password": "5/m/key",
    "reset_password_from_key": None,
}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_ADAPTER = "config.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Ringback"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a second factor is asked of people whose address nobody verifies
SECOND_FACTOR_NEEDED = "memberships.access.supervises"
# By name alone: an address behind a proxy is everybody's, and one from a header is anybody's.
AXES_LOCKOUT_PARAMETERS = ["username"]
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # fears for what we do not count by: user agents and cookies
AXES_CLIENT_IP_CALLABLE = "config.accounts.client_ip"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "config.accounts.locked_out"
AXES_USERNAME_CALLABLE = "config.accounts.login_name"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- the web's protection

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "media-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PRODUCTION else []
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
LONGEST_BODY = DATA_UPLOAD_MAX_MEMORY_SIZE
"""Bytes of a request that is no upload; a longer one is refused by its length, before it is read (uploads.py)."""
IMPORT_FILE_MB = env.int("IMPORT_FILE_MB", default=200)
IMPORT_FILE_DAYS = env.int("IMPORT_FILE_DAYS", default=14)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["config.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.TokenThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": "6000/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.errors.api_exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Ringback",
    "DESCRIPTION": "The renewal desk of fitness clubs: members, memberships, calls, meetings.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_PUBLIC": True,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [
        "config.schema.add_frame",
    ],
}

# --- words and files

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
if not PRODUCTION:
    WHITENOISE_USE_FINDERS = True
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # nothing is collected into it, and whitenoise wants it there
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
elif PRODUCTION:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_TIMEOUT = 10

# --- the queue: see celery.py

CELERY_BROKER_URL = BROKER_URL
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
# A web request must not wait for a frozen Redis; a worker may.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.5 if RINGBACK_WEB else 5.0,
    "socket_connect_timeout": 0.5 if RINGBACK_WEB else 5.0,
    "visibility_timeout": 3600,
}

# --- what it says about itself: no personal data, no query strings, no bodies

LOGGING = logs.configuration(json=PRODUCTION)
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
PROMETHEUS_EXPORT_MIGRATIONS = False
if SENTRY_DSN:
    logs.start_sentry(SENTRY_DSN, RINGBACK_ENV)

# --- history: who, when, before and after, written by triggers into append-only tables

PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField(null=True)
PGHISTORY_CREATED_AT_FUNCTION = "ringback_now()"
PGHISTORY_INSTALL_CONTEXT_FUNC_ON_MIGRATE = False
PGHISTORY_LEVEL = pgtrigger.Statement
PGHISTORY_APPEND_ONLY = True
APP_ROLE = env.str("DATABASE_APP_ROLE", default="ringback_app")
"""The database role that all but the owner's commands work as: it can add to the history, never change it."""
if sys.argv[1:2] == ["migrate"]:  # rather fail than hold up the desk behind a lock that is long in coming
    database["OPTIONS"]["options"] = f"{database['OPTIONS'].get('options', '')} -c lock_timeout=10s".strip()
if APP_ROLE and not environment.is_owners_command(sys.argv):
    # Not Django's assume_role: with a pool it waits for a connection of the pool while it makes one.
    database["OPTIONS"]["options"] = f"{database['OPTIONS'].get('options', '')} -c role={APP_ROLE}".strip()
