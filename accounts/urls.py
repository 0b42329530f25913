"""The addresses of settings and pictures; those of log-in are allauth's, sign-up aside."""

from allauth.socialaccount import views as social_views
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from accounts import adapter, claiming, connecting, preferences, resting
from accounts.views import devices, keys, log_in, networks, pictures, profile, push, team_changes, teams, visibility

urlpatterns: list[URLPattern] = [
    # Before allauth's own (klout.urls): the database has the last word on who was first.
    path("accounts/signup/", adapter.signup, name="account_signup"),
    path("settings", profile.settings_page, name="settings"),
    path("settings/networks", networks.networks, name="networks"),
    path("settings/visibility", visibility.visibility, name="visibility"),
    path("settings/log-in", log_in.log_in, name="log_in"),
    path("settings/keys", keys.keys, name="api_keys"),
    path("settings/devices", devices.devices_page, name="devices"),
    # allauth's lists of second factors: ours says all of it on one page.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="log_in"), name="mfa_index"),
    path("accounts/2fa/webauthn/", RedirectView.as_view(pattern_name="log_in"), name="mfa_list_webauthn"),
    path("preferences", preferences.preferences, name="preferences"),
    path("accounts/with/<slug:slug>", connecting.sign_in, name="sign_in"),
    # allauth's pages about the log-ins with networks; what is read of them is another matter, and has pages of its own.
    path("accounts/social/log-ins", social_views.connections, name="socialaccount_connections"),
    path("accounts/social/cancelled", social_views.login_cancelled, name="socialaccount_login_cancelled"),
    path("accounts/social/failed", social_views.login_error, name="socialaccount_login_error"),
    path("settings/connect", connecting.connect, name="connect"),
    path("settings/connect/<slug:slug>", connecting.connect_network, name="connect_network"),
    path("settings/accounts/<int:link_id>", connecting.link_progress, name="link_progress"),
    path("settings/accounts/<int:link_id>/pages", connecting.choose_pages, name="choose_pages"),
    path("settings/accounts/<int:link_id>/remove", networks.unlink, name="unlink"),
    path("settings/notifications/push", push.push_page, name="push"),
    path("settings/pause", resting.pause_page, name="pause"),
    path("settings/claims/<int:claim_id>", claiming.claim, name="claim"),
    path("teams/new", teams.new, name="team_new"),
    path("teams/join/<str:token>", teams.join, name="team_join"),
    path("teams/<str:handle>/members", teams.members, name="team_members"),
    path("teams/<str:handle>/changes", team_changes.changes, name="team_changes"),
    path("teams/<str:handle>/changes.csv", team_changes.changes_csv, name="team_changes_csv"),
    path("avatars/<str:handle>", pictures.avatar, name="avatar"),
]
