"""The settings of the server. What an operator may choose comes from environment variables:

| variable                    | meaning                                            | default                    |
|-----------------------------|----------------------------------------------------|----------------------------|
| `HALLMARK_MODE`             | `production`, or `development`: debug pages        | `production`               |
| `HALLMARK_ENVIRONMENT`      | id of the ledger's environment, in all signatures  | `development`              |
| `HALLMARK_ORIGIN`           | where people reach it; credentials need https      | `http://localhost:8000`    |
| `HALLMARK_DATA`             | folder of everything below                         | `./var`                    |
| `HALLMARK_DATABASE_URL`     | `postgresql://…`, of several hosts too, or `sqlite:////…` | SQLite in the data folder |
| `HALLMARK_SECRET`           | secret of sessions and forms                       | file `secret`, made once   |
| `HALLMARK_KEYS`             | folder of secret keys, outside of backups          | `keys`                     |
| `HALLMARK_KEYS_PASSPHRASE`  | passphrase of those keys                           | none                       |
| `HALLMARK_EVIDENCE`         | folder of encrypted evidence                       | `evidence`                 |
| `HALLMARK_DATA_KEYS`        | folder of wrapped data keys, outside of backups    | `data-keys`                |
| `HALLMARK_LOG`              | folder of the ledger's tiles, for anyone to read   | `log`                      |
| `HALLMARK_NODES`            | folder whose file `peers` names a consortium's nodes | `nodes`                  |
| `HALLMARK_UPLOADS`          | folder of uploads in the making                    | `uploads`                  |
| `HALLMARK_STATIC`           | folder of collected static files                   | `static`                   |
| `HALLMARK_UPLOAD_LIMIT`     | most bytes of one file                             | 2 GiB                      |
| `HALLMARK_RATE_SIGN_IN`     | attempts a login and an address may make           | `10/300` (count/seconds)   |
| `HALLMARK_RATE_TOKEN`       | requests a token may make                          | `600/60`                   |
| `HALLMARK_RATE_ADDRESS`     | API requests an address may make                   | `1200/60`                  |
| `HALLMARK_PROXIES`          | reverse proxies in front, each adding an address   | 0                          |
| `HALLMARK_WORKERS`          | web processes                                      | 2                          |
| `HALLMARK_PATIENCE`         | seconds a client has for each 64 KiB               | 20                         |
| `HALLMARK_LOG_LEVEL`        | `DEBUG`, `INFO`, `WARNING`, `ERROR`                | `INFO`                     |
"""

from __future__ import annotations

from pathlib import Path

from hallmark.server import environment

DEBUG = environment.choice("HALLMARK_MODE", ("production", "development"), "production") == "development"
HALLMARK_ENVIRONMENT = environment.text("HALLMARK_ENVIRONMENT", "development", pattern=r"[^\s+]{1,100}")
ORIGIN, _host = environment.origin("HALLMARK_ORIGIN", "http://localhost:8000")
_secure = ORIGIN.startswith("https:")

DATA = environment.folder("HALLMARK_DATA", Path("var"))
HALLMARK_KEYS = environment.folder("HALLMARK_KEYS", DATA / "keys")
HALLMARK_KEYS_PASSPHRASE = environment.text("HALLMARK_KEYS_PASSPHRASE").encode() or None
HALLMARK_EVIDENCE = environment.folder("HALLMARK_EVIDENCE", DATA / "evidence")
HALLMARK_DATA_KEYS = environment.folder("HALLMARK_DATA_KEYS", DATA / "data-keys")
HALLMARK_LOG = environment.folder("HALLMARK_LOG", DATA / "log")
HALLMARK_NODES = environment.folder("HALLMARK_NODES", DATA / "nodes")
HALLMARK_UPLOAD_LIMIT = environment.whole("HALLMARK_UPLOAD_LIMIT", 2 << 30, least=1, most=1 << 40)
HALLMARK_PROXIES = environment.whole("HALLMARK_PROXIES", 0, least=0, most=9)
HALLMARK_WORKERS = environment.whole("HALLMARK_WORKERS", 2, least=1, most=256)
HALLMARK_PATIENCE = environment.whole("HALLMARK_PATIENCE", 20, least=1, most=600)
HALLMARK_RATES = {
    "sign-in": environment.rate("HALLMARK_RATE_SIGN_IN", "10/300"),
    "token": environment.rate("HALLMARK_RATE_TOKEN", "600/60"),
    "address": environment.rate("HALLMARK_RATE_ADDRESS", "1200/60"),
}

SECRET_KEY = environment.secret("HALLMARK_SECRET", DATA / "secret")
DATABASES = {"default": environment.database("HALLMARK_DATABASE_URL", DATA / "hallmark.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "hallmark.office.accounts",
    "hallmark.office.audit",
    "hallmark.office.casework",
    "hallmark.office.evidence",
    "hallmark.office.jobs",
    "hallmark.office.registry",
    "hallmark.office.testing",
    "hallmark.portal",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
# What follows the ledger beside the register; each has `forget` and `follow` (office.registry.projection).
HALLMARK_FOLLOWERS = (
    "hallmark.office.casework.deadlines",
    "hallmark.office.casework.notices",
    "hallmark.office.evidence.erasure",
    "hallmark.server.status",
)
MIDDLEWARE = [
    "hallmark.server.middleware.find_client",
    "hallmark.server.middleware.record",
    "django.middleware.security.SecurityMiddleware",
    "hallmark.server.middleware.harden",
    "hallmark.api.problem.speak_problems",
    "hallmark.server.middleware.limit_bodies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hallmark.server.middleware.forget_cookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "hallmark.server.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["hallmark.office.accounts.backend.SessionBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_validation = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validation}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_validation}.CommonPasswordValidator"},
    {"NAME": f"{_validation}.NumericPasswordValidator"},
    {"NAME": f"{_validation}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("login",)}},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True

_LOOPBACK = ["localhost", "127.0.0.1"]  # two names of one place
ALLOWED_HOSTS = [_host, *_LOOPBACK] if DEBUG or _host in _LOOPBACK else [_host]
CSRF_TRUSTED_ORIGINS = [ORIGIN]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 2 * 365 * 86_400 if _secure else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None

DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_TEMP_DIR = environment.folder("HALLMARK_UPLOADS", DATA / "uploads")  # in clear until the request ends
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

STATIC_URL = "/static/"
STATIC_ROOT = environment.folder("HALLMARK_STATIC", DATA / "static")
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    }
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "hallmark.server.logs.Line"}},
    "filters": {"errors": {"()": "hallmark.server.logs.Errors"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {
        "handlers": ["stderr"],
        "level": environment.choice("HALLMARK_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
    },
    "loggers": {
        "django.request": {"filters": ["errors"]},
        "django.security": {"handlers": ["nowhere"], "propagate": False},  # quotes hosts; the request is recorded
        "django.db.backends": {"level": "INFO"},  # at DEBUG it writes values
    },
}
