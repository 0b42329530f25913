from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScoringConfig(AppConfig):
    name = "scoring"
    verbose_name = "Scores"

    def ready(self) -> None:
        from accounts.linking import linked
        from scoring import first_scores, privacy, tellings
        from scoring.achievements import news as achievements_news
        from scoring.collect import attached
        from scoring.plus_k import news as plus_k_news
        from scoring.plus_k import privacy as plus_k_privacy
        from scoring.questions import news as questions_news
        from scoring.questions import privacy as questions_privacy
        from scoring.topics import news as topics_news
        from scoring.topics import privacy as topics_privacy
        from scoring.topics.tree import load_after_migrating

        privacy.register()
        # After the log's, which holds its lock when accounts are erased.
        topics_privacy.register()
        attached.register(key_words)
        tellings.register()
        topics_news.register()
        plus_k_news.register()
        plus_k_privacy.register()
        questions_news.register()
        # Of a matter of the line above.
        achievements_news.register()
        questions_privacy.register()
        first_scores.register()
        post_migrate.connect(load_after_migrating, sender=self, dispatch_uid="scoring.load_topics")
        linked.connect(read_at_once, dispatch_uid="scoring.read_at_once")


def key_words(text: str) -> list[str]:
    """What is kept of a recommendation: the topics that it names (scoring.collect.attached)."""
    # Here and not above: few processes read recommendations.
    from scoring.topics.matching import words_in

    return words_in(text)


def read_at_once(link: Any, **_: Any) -> None:
    """An account has just been linked: its person waits for its first reading, which waits for no round."""
    from celery import current_app

    # By its name: the task needs libraries that a web process has no use for.
    current_app.send_task("scoring.tasks.read_link", [link.pk])
