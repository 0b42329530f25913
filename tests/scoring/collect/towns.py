"""Linked accounts by the thousand, as rows alone: what scheduling them costs does not depend on who they are."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

FILL = """
    INSERT INTO accounts_person (id, kind, handle, klout_id, name, bio, avatar, country, region, time_zone, visibility,
                                 shown, created_at)
    SELECT i, 'person', 'town' || translate(i::text, '0123456789', 'abcdefghjk'), i, '', '', '', '', '', 'UTC',
           'hidden', '{}', %(at)s
    FROM generate_series(1, %(people)s) AS i;
    INSERT INTO accounts_account (id, network, external_id, handle)
    SELECT i, (%(networks)s::text[])[i %% cardinality(%(networks)s::text[]) + 1], i::text, ''
    FROM generate_series(1, %(people)s) AS i;
    INSERT INTO accounts_linkedaccount (id, account_id, person_id, kind, proof, server, state, linked_at)
    SELECT i, i, i, 'profile', 'network', '', 'active', %(at)s FROM generate_series(1, %(people)s) AS i;
    INSERT INTO accounts_credential (link_id, token, scopes, updated_at)
    SELECT i, '', '[]', %(at)s FROM generate_series(1, %(people)s) AS i;
    INSERT INTO accounts_cursor (link_id, stream, value, due_at, failures, error)
    SELECT i, stream, '{}', %(due)s + (i %% 1000) * interval '1 millisecond', 0, ''
    FROM generate_series(1, %(people)s) AS i, unnest(%(streams)s::text[]) AS stream;
"""


def fill(people: int, *, at: datetime, due: datetime, networks: list[str], streams: list[str]) -> None:
    """`people` members with a linked account each, of `networks` in turn, whose `streams` are due at `due`."""
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"people": people, "at": at, "due": due, "networks": networks, "streams": streams})
        cursor.execute("ANALYZE accounts_cursor, accounts_linkedaccount, accounts_account, accounts_credential")
