"""The addresses of the public pages and of the API in Klout's form; /<handle> is last, since it takes every word."""

from django.urls import URLPattern, URLResolver, path

from scoring import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("<str:handle>", views.profile, name="profile"),
]
