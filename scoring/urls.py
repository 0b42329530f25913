"""The addresses of the public pages and of the API in Klout's form; /<handle> is last, since it takes every word."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from accounts.handles import FORM
from scoring import transparency, uploads, webmention
from scoring.views import home, profile


class HandleConverter:
    """What can be a handle; any other word is no address at all."""

    regex = FORM.pattern

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(HandleConverter, "handle")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    # Klout's own host served /v2; its clients append that to whatever base they are given.
    path("v2/", include("scoring.api.urls")),
    path("api/v2/", include("scoring.api.urls")),
    path("settings/import", uploads.import_page, name="import"),
    path("settings/import/<int:job_id>", uploads.import_job, name="import_job"),
    path("webmention", webmention.endpoint, name="webmention"),
    path("transparency/features", transparency.features, name="features"),
    path("<handle:handle>", profile.profile, name="profile"),
]
