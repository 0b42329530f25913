"""The staff's view of runs, scores and uploads: to look at; what changes them is the daily run and its commands."""

from django.contrib import admin

from accounts.read_only import ReadOnly
from scoring import achievements_admin, moderation_admin, topics_admin, trust_admin, versions_admin
from scoring.models import ImportJob, Score, ScoreRun, Tombstone

# Only a module of this name is looked for; the others register their pages when they are loaded.
__all__ = ["achievements_admin", "moderation_admin", "topics_admin", "trust_admin", "versions_admin"]


@admin.register(ScoreRun)
class ScoreRunAdmin(ReadOnly):
    list_display = ["as_of", "formula", "kind", "state", "stage", "started_at", "finished_at"]
    list_filter = ["state", "kind", "formula"]
    date_hierarchy = "as_of"
    ordering = ["-as_of", "-started_at"]


@admin.register(Score)
class ScoreAdmin(ReadOnly):
    list_display = ["person", "score", "reach", "amplification", "network_part", "percentile", "confidence", "as_of"]
    list_filter = ["confidence", "formula"]
    list_select_related = ["person"]
    search_fields = ["person__handle"]
    ordering = ["-score"]


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnly):
    list_display = ["created_at", "person", "network", "file_name", "state", "records", "finished_at"]
    list_filter = ["state", "network"]
    list_select_related = ["person"]
    search_fields = ["person__handle", "file_name"]
    exclude = ["path"]
    ordering = ["-created_at"]


@admin.register(Tombstone)
class TombstoneAdmin(ReadOnly):
    list_display = ["account", "erased_at", "rewritten_at"]
    ordering = ["-erased_at"]
