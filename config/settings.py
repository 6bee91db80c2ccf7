"""Settings, all from the environment (docs: CONTRACT in the README). Nothing set: a development system."""

from __future__ import annotations

import os
import zoneinfo
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded, environment

# The pinned tzdata package counts, not the machine's older copy.
os.environ["PYTHONTZPATH"] = ""
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = environ.Env()

RINGBACK_ENV = env.str("RINGBACK_ENV", default="development")
if RINGBACK_ENV not in ("development", "production"):
    raise ImproperlyConfigured(f"RINGBACK_ENV is {RINGBACK_ENV!r}; it may be development or production.")
PRODUCTION = RINGBACK_ENV == "production"
if PRODUCTION:
    environment.require_production(os.environ)

DEBUG = False
RINGBACK_DEMO = env.bool("RINGBACK_DEMO", default=False)
RINGBACK_CLOCK = env.str("RINGBACK_CLOCK", default="") if RINGBACK_DEMO else ""
CLOCK_REFRESH_S: float | None = None if PRODUCTION else 1.0
"""How often a process looks whether the clock was moved; None: never, its clock is the machine's."""

SECRET_KEY = env.str("SECRET_KEY", default="") or environment.own_secret(VAR_DIR)
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(VAR_DIR / "media"))
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_KEY = env.str("TWILIO_API_KEY", default="")
TWILIO_API_SECRET = env.str("TWILIO_API_SECRET", default="")

# --- servers

DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
servers = None if DATABASE_URL and REDIS_URL else embedded.ensure(VAR_DIR)
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
if env.bool("RINGBACK_WEB", default=False):
    # Only web processes: the pool waits 10 s while the database is down, and a command needs one connection.
    database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": env.int("WEB_THREADS", default=8) + 2, "timeout": 5}
DATABASES = {"default": database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{servers.redis_socket}?virtual_host=0"  # type: ignore[union-attr]

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
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
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
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")
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

# --- words and files

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
WHITENOISE_USE_FINDERS = True
