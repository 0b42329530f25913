"""The addresses of settings and pictures; those of log-in are allauth's, sign-up aside."""

from django.urls import URLPattern, path

from accounts import adapter, views

urlpatterns: list[URLPattern] = [
    # Before allauth's own (klout.urls): the database has the last word on who was first.
    path("accounts/signup/", adapter.signup, name="account_signup"),
    path("settings", views.settings_page, name="settings"),
    path("settings/accounts/<int:link_id>/remove", views.unlink, name="unlink"),
    path("avatars/<str:handle>", views.avatar, name="avatar"),
]
