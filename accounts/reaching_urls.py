"""The addresses of what people are told, and of how they want to be."""

from django.urls import URLPattern, path

from accounts import inbox, notification_settings, unsubscribing

urlpatterns: list[URLPattern] = [
    path("notifications", inbox.notifications, name="notifications"),
    path("notifications/read", inbox.read_all, name="read_notifications"),
    path("notifications/<int:pk>", inbox.open_notification, name="notification"),
    path("settings/notifications", notification_settings.notification_settings, name="notification_settings"),
    path("settings/notifications/test", notification_settings.test_mail, name="test_mail"),
    path("unsubscribe/<str:token>", unsubscribing.unsubscribe, name="unsubscribe"),
]
