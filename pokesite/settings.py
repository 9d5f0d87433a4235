"""Settings of the example site; everything that differs between machines is in the environment."""

from pathlib import Path

from sprites.conf import RULES

from .environment import Environment
from .secret import kept_key

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()
env.read_file(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=[".localhost", "127.0.0.1", "[::1]"])

# Whoever sets this says that a proxy ends TLS and writes X-Forwarded-Proto itself, whatever came.
if env.bool("BEHIND_TLS", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 86_400
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # Other hosts of the domain, and lists in browsers, are not for one site to speak for.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "sprites",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "pokesite.middleware.csp",
    "pokesite.middleware.GZipTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "pokesite.middleware.PageLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "pokesite.urls"
WSGI_APPLICATION = "pokesite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}

_file = Path(DATABASES["default"]["NAME"] or "")
_is_file = DATABASES["default"]["ENGINE"].endswith("sqlite3") and _file.name != ":memory:"
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_key(_file.parent if _is_file else BASE_DIR)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)")]
TIME_ZONE = env.time_zone("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = env.folder("MEDIA_ROOT", default=BASE_DIR / "media")

# Work in the background runs on threads of this process; docs/tasks.md has a queue with workers.
TASKS = {"default": {"BACKEND": env.path("TASK_BACKEND", "sprites.backends.ThreadsBackend")}}
if TASKS["default"]["BACKEND"].startswith("django_tasks_db."):
    INSTALLED_APPS.append("django_tasks_db")

# An action of the admin posts a field for each row that it is for.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Each option of the app is SPRITES_<its name> in the environment; the app checks the values.
SPRITES = {name: env.str(f"SPRITES_{name}") for name in RULES if f"SPRITES_{name}" in env}
