"""The environment of a production system that lacks nothing; nothing in it can be reached."""

PRODUCTION = {
    "KLOUT_MODE": "production",
    "SECRET_KEY": "f3Yw0vJ6t9ZrQ1xKc8LmB2nHs5DgPaUe7iTyVoXkWq4RzNjMu2CbEhS7",
    "TOKEN_KEYS": "pX7Rk2vT9sWq4LzY0cNfGhJ6bMd3UeAi8oKxZtVrQwE5",
    "OPT_OUT_KEY": "jL4nX8bQ2wR6tZ0yV5cM9kHsD1gFaPe3uIoT7xWvBqNr",
    "VAPID_PRIVATE_KEY": "eIsRPRibqxNvQf4glPh4id0-TJp4SWnyGUQHnfUYHLg",
    "DATABASE_URL": "postgres://klout:secret@database.invalid:5432/klout",
    "REDIS_URL": "redis://broker.invalid:6379/0",
    "ALLOWED_HOSTS": "klout.example",
    "SITE_URL": "https://klout.example",
    "EMAIL_URL": "smtp+tls://klout:secret@mail.invalid:587",
    "DEFAULT_FROM_EMAIL": "Klout <hello@klout.example>",
    "KLOUT_LAKE": "s3://klout-lake/log",
}
