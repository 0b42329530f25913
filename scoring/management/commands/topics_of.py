"""manage.py topics_of: which topics somebody has, or which a text, a hashtag or a list speaks for, and why."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from scoring.models import PersonTopic, TopicDispute
from scoring.topics import matching
from scoring.topics.reasons import why


class Command(BaseCommand):
    help = "Print the topics of a person, or of words, each with why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("handle", nargs="?", help="whose topics, by their handle here")
        parser.add_argument("--text", help='the topics of a text; "-" reads it from standard input')
        parser.add_argument("--hashtag", help="the topics of a hashtag")
        parser.add_argument("--list", help="the topics of the name of a list")
        parser.add_argument("--skill", help="the topics of a skill")
        parser.add_argument("--language", help="the language of the text, as a code (en, de)")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {name: options[name] for name in ("handle", "text", "hashtag", "list", "skill") if options[name]}
        if len(asked) != 1:
            raise CommandError("Say one of: a handle, --text, --hashtag, --list or --skill.")
        ((kind, words),) = asked.items()
        if kind == "handle":
            self.of_person(words)
        elif kind == "text":
            text = sys.stdin.read() if words == "-" else words
            self.of_words(matching.of_text(text, options["language"]), unsure=[])
        else:
            found = matching.candidates(words, kind)
            self.of_words([one for one in found if one.sure], unsure=[one for one in found if not one.sure])

    def of_person(self, handle: str) -> None:
        try:
            person = Person.objects.get(handle__iexact=handle.removeprefix("@"))
        except Person.DoesNotExist:
            raise CommandError(f"Nobody here is called {handle!r}.") from None
        mine = PersonTopic.objects.filter(person=person).select_related("topic")
        reasons = why(person, most=20)
        disputed = TopicDispute.objects.filter(person=person).values_list("topic__slug", flat=True)
        for topic in mine.order_by("-expertise", "topic__slug"):
            marks = [name for name in ("chosen", "hidden") if getattr(topic, name)]
            beside = f" ({', '.join(marks)})" if marks else ""
            self.stdout.write(f"{topic.expertise:.3f} {topic.topic.slug}{beside}")
            for reason in reasons.get((person.pk, topic.topic_id), []):
                self.stdout.write(f"      {reason}")
        for slug in disputed:
            self.stdout.write(f"disputed: {slug}")
        if not mine and not disputed:
            self.stdout.write(f"{person.handle} has no topics.")

    def of_words(self, found: list[matching.Match], *, unsure: list[matching.Match]) -> None:
        for match in found:
            self.stdout.write(f"{match.strength:.3f} {match.slug}: {match.why}")
        for match in unsure:
            self.stdout.write(f"  -   {match.slug}: {match.why}, where something else of its branch does too")
        if not found and not unsure:
            self.stdout.write("No topic.")
