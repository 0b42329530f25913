"""All settings, from the environment; `NAME_FILE` names a file that holds NAME (for secrets). Bad values stop the start
(klout.environment), and what is missing in production is said by the system checks (klout.checks).

KLOUT_MODE is `development` (the default: built-in database and broker, secrets made on first use under KLOUT_VAR) or
`production` (real servers, every secret given, HTTPS).
"""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from klout import embedded, environment

BASE_DIR = Path(__file__).resolve().parent.parent

# ---------------------------------------------------------------- mode and state
MODE = environment.text("KLOUT_MODE", "development", choices=("development", "production"))
PRODUCTION = MODE == "production"
DEBUG = environment.yes_or_no("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off when KLOUT_MODE is production.")

VAR = Path(environment.text("KLOUT_VAR", str(BASE_DIR / "var"))).expanduser().absolute()


def secret(name: str, length: int = 64) -> str:
    """The secret `name` from the environment; in development one of `length` bytes is made once, under KLOUT_VAR."""
    value = environment.text(name)
    if value or PRODUCTION:
        return value
    path = VAR / "secrets" / name.lower()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Written whole, then linked: of two processes that start at once, both read the one that came first.
            with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
                file.write(secrets.token_urlsafe(length))
                file.flush()
                with suppress(FileExistsError):
                    os.link(file.name, path)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be {'read' if path.exists() else 'made'} ({error.strerror}): run as the owner of {VAR}, "
            "or set KLOUT_VAR to a folder of your own."
        ) from error


SECRET_KEY = secret("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY (or SECRET_KEY_FILE) must be set when KLOUT_MODE is production.")
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
# Encrypts the tokens of linked accounts; the first key encrypts, all decrypt.
TOKEN_KEYS = environment.words("TOKEN_KEYS") or ([] if PRODUCTION else [secret("TOKEN_KEY")])
# Under it the ids of accounts that have opted out are kept (as HMACs): with another key they would be unknown.
OPT_OUT_KEY = secret("OPT_OUT_KEY")
# By which browsers know our pushes (VAPID): 32 bytes as base64url. In production without one, push is off.
VAPID_PRIVATE_KEY = secret("VAPID_PRIVATE_KEY", 32)

# ---------------------------------------------------------------- the site
SITE_NAME = environment.text("SITE_NAME", "Klout")
SITE_URL = environment.web_address("SITE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = environment.words(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
CSRF_TRUSTED_ORIGINS = environment.words(
    "CSRF_TRUSTED_ORIGINS", default=[SITE_URL] if SITE_URL.startswith("https://") else []
)
ROOT_URLCONF = "klout.urls"
WSGI_APPLICATION = "klout.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "klout.apps.KloutConfig",
    "perks.apps.PerksConfig",
    "scoring.apps.ScoringConfig",
    "accounts.apps.AccountsConfig",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    *(
        f"allauth.socialaccount.providers.{name}"
        for name in (
            *("twitter_oauth2", "facebook", "openid_connect", "google", "github", "mediawiki"),
            *("foursquare", "reddit", "twitch", "tiktok"),
        )
    ),
    "accounts.providers.instagram",
    "accounts.providers.threads",
    "accounts.providers.mastodon",
    "allauth.mfa",
    "allauth.usersessions",
    "django_celery_beat",
    "django_htmx",
    "rest_framework",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.PackingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.PersonalMiddleware",
    "scoring.views.people.MovedMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.site",
            ],
        },
    },
]

# ---------------------------------------------------------------- database and broker
DATABASE = environment.database("DATABASE_URL")
REDIS_URL = environment.broker("REDIS_URL")
# For the built-in server's start, such as "-c shared_buffers=1GB".
POSTGRES_OPTIONS = environment.text("KLOUT_POSTGRES_OPTIONS")
# Without one, a backend that starts the built-in server when the first connection is wanted.
DATABASES = {
    "default": {
        **(
            DATABASE
            or {
                "ENGINE": "klout.postgres",
                "NAME": "klout",
                "USER": "klout",
                "HOST": str(embedded.postgres_sockets(VAR)),
                "PORT": "5432",
            }
        ),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "klout.cache.BuiltInCache", "LOCATION": f"unix://{embedded.broker_socket(VAR)}?db=1"}
}
CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://", 1) if REDIS_URL else f"redis+socket://{embedded.broker_socket(VAR)}"
)
# A task whose worker was killed is handed to another after this many seconds. One that merely takes longer is handed
# out twice, which does no harm: the daily run and each upload hold a lock, and all the others may be run again.
# Queues take turns (klout.celery names them), so that a slow network holds up no other. Of the two priorities, 0 is
# what somebody waits for; readings that are merely due (5) come after it.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "round_robin",
    "priority_steps": [0, 5],
    "visibility_timeout": 900,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"
# ---------------------------------------------------------------- people and log-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
# A change to a log-in is told by mail: it may have been somebody else.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Who confirms in the browser that signed up needs not type the password again.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
# Who asks to be erased may change their mind for so many days.
ERASE_AFTER_DAYS = environment.number("ERASE_AFTER_DAYS", 14, least=0, most=30)
MFA_ADAPTER = "accounts.second_factors.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "add_webauthn": "accounts.second_factors.AddPasskeyForm",
    "edit_webauthn": "accounts.second_factors.RenamePasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
# For http://localhost; elsewhere a passkey is good for our own address over HTTPS alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
SOCIALACCOUNT_ADAPTER = "accounts.social.SocialAdapter"
# Who comes by a network chooses a handle and gives a year of birth, like everybody else.
SOCIALACCOUNT_AUTO_SIGNUP = False
# Tokens live in accounts.Credential alone, and no network's word on an address opens somebody's account here.
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_QUERY_EMAIL = False
SOCIALACCOUNT_PROVIDERS = {
    # Meta ends each version of its API after two years: this one on 29 July 2028.
    "facebook": {"VERSION": "v25.0", "FIELDS": ["id", "name", "email"]},
    "twitter_oauth2": {"FIELDS": ["id", "name", "username"]},
}
LOGIN_REDIRECT_URL = "dashboard"
# Who has just signed up goes on to a first score.
ACCOUNT_SIGNUP_REDIRECT_URL = "welcome"
LOGIN_URL = "account_login"
# Mastodon servers and other hosts that connectors may call on a private address: empty except in tests and trials.
NETWORK_PRIVATE_HOSTS = environment.words("NETWORK_PRIVATE_HOSTS")
# Other servers in the place of a network's own: https://api.x.com=http://127.0.0.1:9000, with commas between.
NETWORK_ORIGINS = environment.origins("NETWORK_ORIGINS")
# Our apps at the networks, as their developer pages name them; a network without its two keys is off.
NETWORK_KEYS = {
    slug: (environment.text(f"{slug.upper()}_CLIENT_ID"), environment.text(f"{slug.upper()}_CLIENT_SECRET"))
    for slug in (
        *("twitter", "facebook", "linkedin", "google", "instagram", "threads", "foursquare", "wikipedia"),
        *("github", "reddit", "twitch", "tiktok"),
    )
}

# What LinkedIn's app may ask for beyond identity is called otherwise for one's own app than for one that serves others.
LINKEDIN_SCOPES = environment.words("LINKEDIN_SCOPES")

# US dollars that reading one person's accounts may cost a day, where a network bills by the item; the latter for those
# networks alone, each from a purse of its own.
COLLECT_DAILY_USD = environment.decimal("COLLECT_DAILY_USD", 0.10, least=0, most=1000)
NETWORK_DAILY_USD = {
    slug: environment.decimal(f"{slug.upper()}_DAILY_USD", 0, least=0, most=1000)
    for slug in NETWORK_KEYS
    if environment.text(f"{slug.upper()}_DAILY_USD")
}
# X signs its webhooks with the app's consumer secret ("API key secret"), not with the client secret of OAuth 2.
TWITTER_CONSUMER_SECRET = environment.text("TWITTER_CONSUMER_SECRET")

# ---------------------------------------------------------------- mail
# In development mails are files under KLOUT_VAR; in production a missing EMAIL_URL is an error (klout.checks).
vars().update(environment.mail("EMAIL_URL", "" if PRODUCTION else f"filemail://{VAR}/mail"))
# Seconds: a mail server that does not answer holds nobody up for longer.
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "Klout <klout@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# ---------------------------------------------------------------- scoring
LAKE = environment.text("KLOUT_LAKE", str(VAR / "lake"))
FORMULA = environment.text("KLOUT_FORMULA", "v2")
# What adds the log up: DuckDB in this process, or Spark where the master says, with so much memory for a local one.
ENGINE = environment.text("KLOUT_ENGINE", "duckdb", choices=("duckdb", "spark"))
SPARK_MASTER = environment.text("KLOUT_SPARK_MASTER", "local[*]")
SPARK_MEMORY = environment.text("KLOUT_SPARK_MEMORY", "4g")
# Perks worth more go to scores that networks confirm, unless the brand says otherwise; in units of a currency with two
# decimals (perks.eligibility).
PERKS_CONFIRMED_ABOVE = environment.number("PERKS_CONFIRMED_ABOVE", 50, least=0, most=1_000_000)
RECOMPUTE_HOUR = environment.number("RECOMPUTE_HOUR", 3, least=0, most=23)
# Beat copies these into its tables at the start; there they can be changed, and others added, in the admin.
CELERY_BEAT_SCHEDULE = {
    "recompute daily": {"task": "scoring.tasks.recompute_daily", "schedule": crontab(hour=RECOMPUTE_HOUR, minute=10)},
    "count pages with perks": {"task": "perks.tasks.count_pages", "schedule": 60.0, "options": {"expires": 60.0}},
    # Some hours after the recompute, whose moments and activity it reads.
    "write days of campaigns": {
        "task": "perks.tasks.write_days",
        "schedule": crontab(hour=(RECOMPUTE_HOUR + 3) % 24, minute=20),
    },
    "resume uploads": {"task": "scoring.tasks.resume_uploads", "schedule": 300.0, "options": {"expires": 300.0}},
    "move claimed accounts": {
        "task": "accounts.tasks.grant_claims",
        "schedule": crontab(minute=47),
        "options": {"expires": 3600.0},
    },
    "erase whom is due": {
        "task": "accounts.tasks.erase_due",
        "schedule": crontab(minute=17),
        "options": {"expires": 3600.0},
    },
    # Before the daily run, which writes the lake anew without what goes here.
    **{
        name: {
            "task": f"accounts.tasks.{task}",
            "schedule": crontab(hour=(RECOMPUTE_HOUR - 1) % 24, minute=minute),
            "options": {"expires": 12 * 3600.0},
        }
        for minute, name, task in (
            (20, "remove old files", "sweep_files"),
            (30, "sweep accounts that have opted out", "sweep_opt_outs"),
            (40, "remove what is kept too long", "purge_retained"),
            (50, "remove old notifications", "forget_notifications"),
        )
    },
    "warn of lapsing access": {
        "task": "accounts.tasks.warn_of_lapsing",
        "schedule": crontab(hour=9, minute=20),
        "options": {"expires": 12 * 3600.0},
    },
    "tell of rests that are over": {
        "task": "accounts.tasks.end_rests",
        "schedule": crontab(hour=9, minute=25),
        "options": {"expires": 12 * 3600.0},
    },
    # Just after the full hour, at which mornings begin nearly everywhere.
    "send digests": {
        "task": "accounts.tasks.send_digests",
        "schedule": crontab(minute=1),
        "options": {"expires": 3600.0},
    },
    "call webhooks": {"task": "accounts.tasks.deliver_webhooks", "schedule": 30.0, "options": {"expires": 30.0}},
    "remove old webhook deliveries": {
        "task": "accounts.tasks.forget_webhooks",
        "schedule": crontab(hour=(RECOMPUTE_HOUR - 1) % 24, minute=55),
        "options": {"expires": 12 * 3600.0},
    },
    "take up lost fulfilment": {
        "task": "perks.tasks.resume_fulfilment",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "delete addresses of parcels": {
        "task": "perks.tasks.purge_addresses",
        "schedule": crontab(hour=(RECOMPUTE_HOUR - 1) % 24, minute=51),
        "options": {"expires": 12 * 3600.0},
    },
    "forget hints of old claims": {
        "task": "perks.tasks.forget_hints",
        "schedule": crontab(hour=(RECOMPUTE_HOUR - 1) % 24, minute=57),
        "options": {"expires": 12 * 3600.0},
    },
    "forget old reports of reviews": {
        "task": "perks.tasks.forget_reports",
        "schedule": crontab(hour=(RECOMPUTE_HOUR - 1) % 24, minute=58),
        "options": {"expires": 12 * 3600.0},
    },
    # Before the run, which awards for them.
    "tell the log of reviews": {
        "task": "perks.tasks.sweep_reviews",
        "schedule": crontab(hour=(RECOMPUTE_HOUR - 1) % 24, minute=48),
        "options": {"expires": 12 * 3600.0},
    },
    "end holds of perks": {"task": "perks.tasks.expire_holds", "schedule": 60.0, "options": {"expires": 60.0}},
    # What is open is so by the clock alone: these only bring lists up to date, and tell and offer what is due.
    "open and close perks": {
        "task": "perks.tasks.follow_the_clock",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "tell of perks that will open": {
        "task": "perks.tasks.tell_of_openings",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "settle +K": {"task": "scoring.tasks.settle_plus_k", "schedule": 60.0, "options": {"expires": 60.0}},
    "tell of +K": {"task": "scoring.tasks.tell_plus_k", "schedule": 600.0, "options": {"expires": 600.0}},
    "forget old reports of questions": {
        "task": "scoring.tasks.forget_reports",
        "schedule": crontab(hour=(RECOMPUTE_HOUR - 1) % 24, minute=59),
        "options": {"expires": 12 * 3600.0},
    },
    "schedule pulls": {"task": "scoring.tasks.schedule_pulls", "schedule": 60.0, "options": {"expires": 60.0}},
    "heartbeat": {"task": "klout.tasks.heartbeat", "schedule": 60.0, "options": {"expires": 60.0}},
}
# Keys that the API in Klout's old form accepts; none, and it refuses everybody.
API_KEYS = environment.words("API_KEYS")
UPLOAD_MAX_BYTES = environment.number("UPLOAD_MAX_BYTES", 2 * 1024**3, least=1, most=2**50)

# ---------------------------------------------------------------- perks
# Holds in an hour from one range of addresses (IPv4 /24, IPv6 /48): a whole university may share one.
PERKS_HOLDS_PER_RANGE = environment.number("PERKS_HOLDS_PER_RANGE", 300, least=1, most=10**9)

# ---------------------------------------------------------------- files, language, time
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LANGUAGE_CODE = "en"
# Each by its own name, so that its readers find it.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "klout" / "locale"]
FORMAT_MODULE_PATH = "klout.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ---------------------------------------------------------------- security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
# Cookies ignore ports: two systems on one host must not log each other out.
COOKIE_SUFFIX = environment.text("COOKIE_SUFFIX")
SESSION_COOKIE_NAME = "klout_session" + COOKIE_SUFFIX
CSRF_COOKIE_NAME = "klout_csrf" + COOKIE_SUFFIX
CSRF_FAILURE_VIEW = "accounts.errors.form_expired"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
if PRODUCTION:
    SECURE_SSL_REDIRECT = environment.yes_or_no("SECURE_SSL_REDIRECT", default=True)
    # Load balancers ask over plain HTTP whether the server is well.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # How many proxies stand before this server, each of which adds to X-Forwarded-For: attempts are counted by address.
    ALLAUTH_TRUSTED_PROXY_COUNT = environment.number("TRUSTED_PROXIES", 1, least=0, most=9)
    SECURE_HSTS_SECONDS = environment.number("SECURE_HSTS_SECONDS", 365 * 24 * 3600, least=0, most=2**31)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

# ---------------------------------------------------------------- API, logs
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
LOG_LEVEL = environment.text("LOG_LEVEL", "INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"without_tokens": {"()": "klout.log_paths.WithoutTokens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # These write the address of what was asked for.
    "loggers": {name: {"filters": ["without_tokens"]} for name in ("django.request", "django.security.csrf")},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
