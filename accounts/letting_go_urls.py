"""The addresses of letting go: taking everything along, being erased or left out, and what networks call for it."""

from django.urls import URLPattern, path

from accounts import consent, leaving, opting_out
from accounts.hooks import views as hooks

urlpatterns: list[URLPattern] = [
    path("settings/erase", leaving.erase, name="erase"),
    path("settings/export", leaving.export, name="export"),
    path("settings/export/<int:job_id>", leaving.download_export, name="download_export"),
    path("settings/consents", consent.consents, name="consents"),
    path("opt-out", opting_out.opt_out_page, name="opt_out"),
    path("opt-out/done", opting_out.opt_out_done, name="opt_out_done"),
    path("deletion/<str:code>", hooks.deletion_status, name="deletion_status"),
    path("hooks/x", hooks.twitter, name="x_hook"),
    path("hooks/<slug:network>/delete", hooks.delete, name="deletion_hook"),
    path("hooks/<slug:network>/deauthorize", hooks.deauthorize, name="deauthorize_hook"),
]
