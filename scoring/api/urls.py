"""Addresses as Klout had them, with and without a slash at the end; a client's base may or may not end in /api."""

from django.urls import path, re_path

from scoring.api import klout_v2

urlpatterns = [
    re_path(r"^identity\.json/klout/(?P<klout_id>[0-9]+)/(?P<network>[a-z]+)/?$", klout_v2.NetworkIdentity.as_view()),
    re_path(r"^identity\.json/(?P<network>[a-z]+)/?$", klout_v2.HandleIdentity.as_view()),
    re_path(r"^identity\.json/(?P<network>[a-z]+)/(?P<external_id>[^/]+)/?$", klout_v2.AccountIdentity.as_view()),
    re_path(r"^user\.json/(?P<klout_id>[0-9]+)/?$", klout_v2.User.as_view()),
    re_path(r"^user\.json/(?P<klout_id>[0-9]+)/score/?$", klout_v2.UserScore.as_view()),
    re_path(r"^user\.json/(?P<klout_id>[0-9]+)/topics/?$", klout_v2.UserTopics.as_view()),
    path("", klout_v2.Unknown.as_view()),
    path("<path:rest>", klout_v2.Unknown.as_view()),
]
