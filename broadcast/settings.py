"""Django's settings, one file for every profile, fed only by `broadcast.env`; it must not branch on host names or file existence."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF

from broadcast import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = (BASE_DIR / env.read("VAR")).resolve()

DEBUG = env.read("DEBUG")
DEMO = env.read("DEMO")
SECRET_KEY = env.read("SECRET_KEY")
ALLOWED_HOSTS = list(env.read("HOSTS"))
BEHIND_TLS = env.read("BEHIND_TLS")

INSTALLED_APPS = [
    "broadcast",
    "live",
    "scheduling",
    "archive",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "csp",
    # For the protocols of OpenID Connect and WeChat alone (broadcast.social); its own tables stay empty.
    "broadcast.social_apps.Accounts",
    "broadcast.social_apps.SocialAccounts",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "broadcast.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "broadcast.cross_origin.PartnerPages",
    "broadcast.middleware.ParticipantMiddleware",
    "broadcast.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "broadcast.urls"
ASGI_APPLICATION = "broadcast.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "broadcast.context.site",
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "yishi",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        "OPTIONS": {"connect_timeout": 5, **query},
    }


DATABASES = {"default": _database(env.read("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _redis(url: str, number: int) -> str:
    """The bus server's URL with another database number; a cluster has only 0, so broker and cache are then set apart."""
    return urlsplit(url)._replace(path=f"/{number}").geturl() if url else ""


BUS_URL = env.read("BUS_URL")
BUS_CLUSTER = env.read("BUS_CLUSTER")
BROKER_URL = env.read("BROKER_URL") or _redis(BUS_URL, 1)
CACHE_URL = env.read("CACHE_URL") or _redis(BUS_URL, 2)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1},
    }
}
# Sessions stand in the database and the cache only shortens the way: a lost cache logs nobody out.
SESSION_ENGINE = "broadcast.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "yishi_session"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
# Whether staff roles ask for a second factor where no row of RolePolicy says so.
SECOND_FACTOR = not DEMO if env.read("SECOND_FACTOR") is None else env.read("SECOND_FACTOR")
CSRF_TRUSTED_ORIGINS = list(env.read("ORIGINS"))
CSRF_FAILURE_VIEW = "broadcast.views.refusals.csrf_failure"

AUTH_USER_MODEL = "broadcast.User"
LOGIN_URL = "account:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "yishi_language"
LOCALE_PATHS = [BASE_DIR / "broadcast" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = env.read("STATIC_ROOT") or str(VAR / "static")
# Third-party browser libraries, copied here from the npm lock file by `./yishi up`; nothing third-party is committed.
VENDOR_ROOT = VAR / "vendor"
STATICFILES_DIRS = [("vendor", VENDOR_ROOT / "vendor")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "broadcast.house.static.HashedStaticStorage"},
}
WHITENOISE_MAX_AGE = 60
MEDIA_ROOT = env.read("MEDIA_ROOT") or str(VAR / "media")


def _media_origins() -> list[str]:
    """Where players are sent to for media: nowhere but here, unless YISHI_MEDIA_REDIRECT sends them to S3."""
    if not env.read("MEDIA_REDIRECT") or not env.read("STORE").startswith("s3://"):
        return []
    endpoint = urlsplit(env.read("S3_ENDPOINT"))
    if endpoint.netloc:
        return [f"{endpoint.scheme}://{endpoint.netloc}"]
    bucket = urlsplit(env.read("STORE")).netloc
    return [f"https://{bucket}.s3.{env.read('S3_REGION')}.amazonaws.com", f"https://{bucket}.s3.amazonaws.com"]


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *_media_origins()],
        "media-src": [SELF, "blob:", *_media_origins()],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

STRAIGHT = env.read("STRAIGHT")
TICK_SECONDS = env.read("TICK_MS") / 1000
LADDER = env.read("LADDER")
LIMITS = env.read("LIMITS")
DRAIN_SECONDS = env.read("DRAIN_SECONDS")
SMS_SENDER = env.read("SMS_SENDER")
SMS_PRICE_FEN, SMS_DAY_MOST, SMS_DAY_YUAN = (env.read(f"SMS_{name}") for name in ("PRICE_FEN", "DAY_MOST", "DAY_YUAN"))
NOTICE_SENDERS = env.read("NOTICE_SENDERS")
PUBLIC_URL = env.read("PUBLIC_URL").rstrip("/") or (
    f"https://{ALLOWED_HOSTS[0]}" if BEHIND_TLS else f"http://{ALLOWED_HOSTS[0]}:{env.read('WEB_PORT')}"
)
_mail = urlsplit(env.read("EMAIL_URL"))
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = parse_qs(_mail.query).get("tls") == ["1"] and not EMAIL_USE_SSL
EMAIL_FROM = env.read("EMAIL_FROM")
TELEPHONY = env.read("TELEPHONY")
OIDC = {name.lower(): env.read(f"OIDC_{name}") for name in ("ISSUER", "CLIENT", "SECRET", "NAME")}
WECHAT = {
    name.lower(): env.read(f"WECHAT_{name}") for name in ("APP", "SECRET", "SITE_APP", "SITE_SECRET", "API", "OPEN")
}
PARTNERS = env.read("PARTNERS")
EVIDENCE_KEYS = env.read("EVIDENCE_KEYS")
EVIDENCE_DAYS = env.read("EVIDENCE_DAYS")
AUDIT_WORDS_DAYS = env.read("AUDIT_WORDS_DAYS")
ERASURE_DAYS = env.read("ERASURE_DAYS")
TRUSTED_PROXIES = env.read("PROXIES")
ALLOWED_ORIGINS = env.read("ORIGINS")

# What a participant agrees to at the first write; a new version asks everybody again.
CONSENT_VERSIONS = {"privacy": "2026-11", "agreement": "2026-11"}
COMMITTEE_NAME = env.read("COMMITTEE_NAME") or ("示例市政协" if DEMO else "")
FOOTER = {
    "icp": env.read("ICP"),
    "police_filing": env.read("POLICE_FILING"),
    "privacy_url": env.read("PRIVACY_URL"),
    "agreement_url": env.read("AGREEMENT_URL"),
    "complaints": env.read("COMPLAINTS"),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env.read("LOG_LEVEL")},
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        # At DEBUG it writes whole addresses, with the secrets of log-ins elsewhere.
        "urllib3": {"level": "INFO"},
    },
}
