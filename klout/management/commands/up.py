"""`manage.py up`: the whole system in the foreground."""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import RedisError

from klout import embedded, up
from klout.celery import app
from klout.health import ask_cache, postgres_version
from klout.postgres.programs import OLDEST

EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104


def port(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(value)


class Inset(logging.Handler):
    """Prints what a step has to say within that step's line."""

    def __init__(self, command: BaseCommand) -> None:
        super().__init__()
        self.command = command

    def emit(self, record: logging.LogRecord) -> None:
        self.command.stdout.write(f"\n    {record.getMessage()}\n   ", ending=" ")


class Command(BaseCommand):
    help = "Run everything in the foreground: database, broker, web server, worker, beat. Ctrl-C ends it all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="fill an empty system with a made-up town")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=port, default=8000)
        parser.add_argument(
            "--workers", type=int, default=min(4, max(2, os.cpu_count() or 2)), help="web processes, one thread each"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demo"] and settings.PRODUCTION:
            raise CommandError("--demo is for development: a made-up town has no place beside real people.")
        if options["workers"] < 1:
            raise CommandError("--workers must be 1 or more.")
        self.printing = threading.Lock()
        # Each step says itself what was started.
        logger = logging.getLogger("klout.embedded")
        logger.setLevel(logging.WARNING)
        logger.handlers, logger.propagate = [Inset(self)], False
        plan = self.plan(options["host"], options["port"], options["workers"])
        try:
            with up.alone(settings.VAR, {"url": plan.url}) as descriptor:
                up.check_port(options["host"], options["port"])
                self.say("", f"Klout starts in {settings.MODE} mode; its state lies in {settings.VAR}.")
                up.run(
                    plan,
                    descriptor=descriptor,
                    prepare=lambda: self.prepare(demo=options["demo"]),
                    worker_answers=lambda: bool(app.control.ping(timeout=0.5)),
                    started=lambda: self.greet(plan),
                    say=self.say,
                )
        except (up.CannotStart, embedded.EmbeddedError) as error:
            raise CommandError(str(error)) from error

    def plan(self, host: str, port: int, workers: int) -> up.Plan:
        environment = dict(os.environ) | {"PYTHONPATH": str(settings.BASE_DIR), "PYTHONUNBUFFERED": "1"}
        environment.pop("PYTHONSAFEPATH", None)
        hosts = list(settings.ALLOWED_HOSTS)
        plan = up.Plan(
            folder=settings.BASE_DIR,
            var=settings.VAR,
            host=host,
            port=port,
            workers=workers,
            environment=environment,
            hostname=next((name.lstrip(".") for name in hosts if name != "*"), host) if settings.PRODUCTION else host,
            built_in_database=settings.DATABASE is None,
            built_in_broker=not settings.REDIS_URL,
        )
        if not settings.PRODUCTION:
            # What follows from the address, unless it was set: links in mails, and cookies that do not mix.
            environment["KLOUT_VAR"] = str(settings.VAR)
            if plan.url != settings.SITE_URL:
                environment.setdefault("SITE_URL", plan.url)
                environment.setdefault("COOKIE_SUFFIX", f"_{port}")
            if host not in {*hosts, *EVERYWHERE}:
                environment.setdefault("ALLOWED_HOSTS", ",".join([*hosts, host]))
        return plan

    def prepare(self, *, demo: bool) -> None:
        with self.step("database") as result:
            try:
                major, minor = postgres_version()
            except DatabaseError as error:
                said = "The database that DATABASE_URL names cannot be reached: " if settings.DATABASE else ""
                raise up.CannotStart(f"{said}{error}") from error
            if major < OLDEST:
                raise up.CannotStart(f"The database is PostgreSQL {major}; {OLDEST} or newer is needed.")
            result.append(f"{'DATABASE_URL' if settings.DATABASE else 'built-in'}, PostgreSQL {major}.{minor}")
        with self.step("broker") as result:
            try:
                ask_cache()
            except RedisError as error:
                raise up.CannotStart(f"The broker that REDIS_URL names cannot be reached: {error}") from error
            result.append("REDIS_URL" if settings.REDIS_URL else "built-in")
        with self.step("migrations") as result:
            executor = MigrationExecutor(connection)
            number = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            call_command("migrate", verbosity=0, interactive=False)
            result.append(f"{number} applied" if number else "nothing to apply")
        with self.step("static files") as result:
            printed = io.StringIO()
            call_command("collectstatic", interactive=False, stdout=printed)
            copied = re.match(r"\s*(\d+)", printed.getvalue())
            unchanged = re.search(r"(\d+) unmodified", printed.getvalue())
            result += [f"{copied[1]} copied"] if copied else []
            result += [f"{unchanged[1]} unchanged"] if unchanged else []
        if demo:
            from klout import demo as town

            self.say("", "  demo town ...")
            began = time.monotonic()
            town.fill(at=timezone.now(), say=lambda line: self.say("", f"    {line}"))
            self.say("", f"  demo town: done ({time.monotonic() - began:.1f} s)")
        self.began = time.monotonic()
        self.say("", "  web server, worker and beat ...")

    def greet(self, plan: up.Plan) -> None:
        seconds = time.monotonic() - self.began
        self.say("", f"  web server, worker and beat: running, {plan.workers} web processes ({seconds:.1f} s)")
        address = settings.SITE_URL if settings.PRODUCTION else plan.url
        lines = ["", f"Klout runs at {plan.url}", f"Sign up at {address}{reverse('account_signup')}"]
        if folder := getattr(settings, "EMAIL_FILE_PATH", ""):
            lines.append(f"Mails, with the link that confirms your address, are files in {folder}")
        for line in [*lines, "Ctrl-C ends everything.", ""]:
            self.say("", line)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Print that a step begins, and after it its result and how long it took."""
        self.stdout.write(f"  {name} ... ", ending="")
        self.stdout.flush()
        began = time.monotonic()
        result: list[str] = []
        try:
            yield result
        except BaseException:
            self.stdout.write("")
            raise
        self.stdout.write(f"{', '.join(result)} ({time.monotonic() - began:.1f} s)")
        self.stdout.flush()

    def say(self, name: str, line: str) -> None:
        """Print a line of our own, or one that a child printed behind the child's name."""
        with self.printing:
            self.stdout.write(f"{name:>6} | {line}" if name else line)
            self.stdout.flush()
