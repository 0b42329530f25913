"""The pages on which a person uploads a data export and watches it being read."""

from __future__ import annotations

import logging
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from celery import current_app
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe
from kombu.exceptions import OperationalError

from accounts.models import User
from accounts.networks.sources import PACKED, text_kind
from accounts.networks.tarball import is_tar
from accounts.team_log import note
from accounts.views import chosen_person, settings_address
from scoring import imports
from scoring.models import ImportJob

log = logging.getLogger(__name__)
FIELD = "archive"
# By its name: the task itself needs libraries that a web process has no use for.
TASK = "scoring.tasks.import_upload"
# Uploads that the page lists.
LISTED = 5


class _Upload(TemporaryUploadedFile):
    """A file written to the folder of uploads, so that keeping it is a rename and not a copy."""

    def __init__(self, name: str, content_type: str | None) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".part", dir=imports.folder())  # noqa: SIM115  (closed by Django)
        UploadedFile.__init__(self, file, name, content_type, 0)


class ArchiveUploadHandler(FileUploadHandler):
    """Writes the one file that the form asks for, up to UPLOAD_MAX_BYTES; what is beyond is read and dropped."""

    too_large = False
    writing = False

    def new_file(self, field_name: str, file_name: str, content_type: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, content_type, *args, **kwargs)
        self.writing = field_name == FIELD and not hasattr(self, "file")
        if self.writing:
            self.file = _Upload(file_name, content_type)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.writing and start + len(raw_data) > settings.UPLOAD_MAX_BYTES:
            self.too_large, self.writing = True, False
            self.file.close()
        if self.writing:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if not self.writing:
            return None
        self.writing = False
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


class ImportForm(forms.Form):
    network = forms.ChoiceField(
        label=gettext_lazy("Network"),
        required=False,
        help_text=gettext_lazy("Usually recognised from what is in the export."),
    )
    archive = forms.FileField(
        label=gettext_lazy("Data export"),
        widget=forms.FileInput(attrs={"accept": ".zip,.tgz,.gz,.tar,.json,.csv,.xml,.rss,.atom,.opml,application/zip"}),
    )
    own = forms.CharField(
        label=gettext_lazy("Which one is yours"),
        required=False,
        max_length=300,
        help_text=gettext_lazy(
            "Only where a file lists several: your blog's address in a list of feeds, your channel's id in a Takeout."
        ),
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.too_large = too_large
        size = filesizeformat(settings.UPLOAD_MAX_BYTES)
        self.fields["archive"].help_text = _("The file as you downloaded it, up to %(size)s.") % {"size": size}
        networks = [(network.spec.slug, network.spec.label) for network in imports.archive_networks()]
        field = self.fields["network"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("recognise it")), *networks]

    def _clean_too_large(self) -> None:
        size = filesizeformat(settings.UPLOAD_MAX_BYTES)
        message = _("The file is larger than %(size)s. Ask your network for an export without pictures and videos.")
        self.errors.pop(FIELD, None)
        self.add_error(FIELD, forms.ValidationError(message % {"size": size}, code="too_large"))

    def clean_archive(self) -> UploadedFile[bytes]:
        archive: UploadedFile[bytes] = self.cleaned_data[FIELD]
        path = Path(archive.temporary_file_path())  # type: ignore[attr-defined]
        if archive.file is None or not (zipfile.is_zipfile(archive.file) or is_tar(path)):
            _check_single(path)
        return archive

    def clean(self) -> None:
        if self.too_large:
            self._clean_too_large()


def _check_single(path: Path) -> None:
    """Raise ValidationError where the file is not one that may be read without being a zip."""
    with path.open("rb") as file:
        start = file.read(8)
    kind = text_kind(path)
    if any(start.startswith(magic) for magic, _said in PACKED):
        raise forms.ValidationError(
            _(
                "This file is packed in a way that cannot be read here. Ask your network for a zip (Google offers "
                "both)."
            ),
            code="no_zip",
        )
    if kind == "html":
        raise forms.ValidationError(
            _("This is a web page. Ask your network for the export as JSON, and upload the zip as it was downloaded."),
            code="html",
        )
    if not kind:
        raise forms.ValidationError(
            _(
                "This is no zip file, nor one of JSON, XML or a table. Upload the export as it was downloaded, without "
                "unpacking it."
            ),
            code="no_zip",
        )


# The handler must be in place before anything reads the request's body, which checking the token does: hence the check
# is made by the inner view.
@csrf_exempt
@login_required
def import_page(request: HttpRequest) -> HttpResponse:
    request.upload_handlers = [ArchiveUploadHandler(request)]
    return _import_page(request)


@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def _import_page(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    files = request.FILES or None
    handler = request.upload_handlers[0]
    form = ImportForm(request.POST or None, files, too_large=getattr(handler, "too_large", False))
    if request.method == "POST" and form.is_valid():
        job = _accept(form, person=person, user=request.user)
        if job is not None:
            return redirect("import_job", job_id=job.pk)
    jobs = ImportJob.objects.filter(person=person, user=request.user).order_by("-created_at")[:LISTED]
    return render(
        request,
        "scoring/import.html",
        {
            "form": form,
            "person": person,
            "people": people,
            "address": settings_address(person, people, "networks"),
            "jobs": jobs,
            "networks": [
                (network.spec, imports.WHERE.get(network.spec.slug, "")) for network in imports.archive_networks()
            ],
        },
    )


def _accept(form: ImportForm, *, person: Any, user: User) -> ImportJob | None:
    """Keep the upload and queue its job; where that cannot be, the form says why."""
    archive = form.cleaned_data[FIELD]
    imports.sweep(at=timezone.now())
    try:
        job = imports.accept(
            person=person,
            user=user,
            network=form.cleaned_data["network"],
            source=Path(archive.temporary_file_path()),
            file_name=archive.name,
            own=form.cleaned_data["own"],
        )
    except imports.TooMany:
        form.add_error(None, _("Your earlier uploads are still being read. Please wait until one is done."))
        return None
    try:
        current_app.send_task(TASK, args=[job.pk])
    except OperationalError:
        log.exception("upload %s could not be queued", job.pk)
        job.delete()
        Path(job.path).unlink(missing_ok=True)
        form.add_error(None, _("Uploads cannot be read at the moment. Please try again in some minutes."))
        return None
    note(person=person, user=user, action="upload", at=timezone.now())
    return job


@login_required
@never_cache
@require_safe
def import_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """How far an upload is; its own uploader's alone."""
    assert isinstance(request.user, User)
    jobs = ImportJob.objects.select_related("person")
    job = get_object_or_404(jobs, pk=job_id, user=request.user, person__users=request.user)
    done = job.state == ImportJob.State.DONE
    networks = imports.networks_of(job.summary) if done else []
    return render(
        request,
        "scoring/import_job.html",
        {
            "job": job,
            "person": job.person,
            "waiting": job.state == ImportJob.State.WAITING,
            "unfinished": job.state in imports.UNFINISHED,
            "done": done,
            "progress": job.summary.get("progress"),
            "label": imports.label_of(job.summary) if done else "",
            "notes": [
                *job.summary.get("notes", []),
                *(_(network.spec.archive_note) for network in networks if network.spec.archive_note),
            ],
            "tallies": job.summary.get("tallies", []),
        },
    )
