"""The addresses of settings and pictures; those of log-in are allauth's, sign-up aside."""

from django.urls import URLPattern, path

from accounts import adapter, claiming, connecting, views

urlpatterns: list[URLPattern] = [
    # Before allauth's own (klout.urls): the database has the last word on who was first.
    path("accounts/signup/", adapter.signup, name="account_signup"),
    path("settings", views.settings_page, name="settings"),
    path("accounts/with/<slug:slug>", connecting.sign_in, name="sign_in"),
    path("settings/connect", connecting.connect, name="connect"),
    path("settings/connect/<slug:slug>", connecting.connect_network, name="connect_network"),
    path("settings/accounts/<int:link_id>", connecting.link_progress, name="link_progress"),
    path("settings/accounts/<int:link_id>/pages", connecting.choose_pages, name="choose_pages"),
    path("settings/accounts/<int:link_id>/remove", views.unlink, name="unlink"),
    path("settings/claims/<int:claim_id>", claiming.claim, name="claim"),
    path("avatars/<str:handle>", views.avatar, name="avatar"),
]
