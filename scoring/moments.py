"""What each post of a member brings to the score in the window, and what it did to the day's change: the score once
more without it, for all posts of all members at once; and writes that as the current moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring import columns
from scoring.engine.base import Columns
from scoring.engine.moments import Cases, LeavingOut, Lost, Posts
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Float64, Formula

# Rows scored at a time: with all their columns some hundred megabytes.
ROWS = 1 << 16
# Points below which a post moved nothing that anybody could see.
LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Moments:
    """Posts that moved scores, and what no single one of them explains: a row of post 0 and account 0 for each person.

    person, account, post, people, reactions: int64 [n]; points: what the score would lose without the post; change:
    what it would lose without what has happened to the post since the day of comparison. Over a person's rows they add
    up to what all of the posts bring together.
    """

    person: Int64
    account: Int64
    post: Int64
    points: Float64
    change: Float64
    people: Int64
    reactions: Int64

    def __len__(self) -> int:
        return len(self.person)

    def change_by_person(self) -> dict[int, float]:
        """Person -> the points that posts brought since the day of comparison, all together."""
        people, place = np.unique(self.person, return_inverse=True)
        added = np.bincount(place, weights=self.change, minlength=len(people))
        return dict(zip(people.tolist(), added.tolist(), strict=True))


def nobody() -> Moments:
    """No moments."""
    none: Int64 = np.zeros(0, dtype=np.int64)
    return Moments(none, none, none, np.zeros(0), np.zeros(0), none, none)


@dataclass(frozen=True, slots=True)
class Members:
    """Rows of features sorted by person, account and source; person p (by place) has rows first[p] to first[p + 1]."""

    table: FeatureTable
    person: Int64
    first: Int64
    # Place of the row of (account, supplied), by account * 2 + supplied in order.
    keys: Int64
    rows: Int64

    @classmethod
    def of(cls, table: FeatureTable, owner: Int64) -> Members:
        """table: rows in any order; owner: whose each is."""
        order = np.lexsort((table.supplied, table.account, owner))
        sorted_owner = owner[order]
        # A column of zeros only is one that is missing.
        kept = {name: values[order] for name, values in table.columns.items() if values.any()}
        ordered = FeatureTable(table.account[order], table.network[order], kept, table.supplied[order])
        starts = np.flatnonzero(np.diff(sorted_owner, prepend=-1))
        key = ordered.account * 2 + ordered.supplied
        rows = np.argsort(key)
        return cls(ordered, sorted_owner[starts], np.append(starts, len(order)), key[rows], rows)

    def scores(self, scorer: Formula) -> Float64:
        """By person, as they are."""
        sizes = np.diff(self.first)
        return scorer.score(self.table, np.repeat(np.arange(len(self.person)), sizes)).score

    def without(self, scorer: Formula, person: Int64, lost: Lost, case: Int64, account: Int64) -> Float64:
        """The scores of `person` (places, one for each case) where what is `lost` is taken off.

        case, account: of each row of `lost`, the case as a place in `person`, sorted, and the account it is taken off.
        """
        sizes = np.diff(self.first)[person]
        found: list[Float64] = [np.zeros(0)]
        for begin, end in stretches(sizes, ROWS):
            size = sizes[begin:end]
            start = np.cumsum(size) - size
            entity = np.repeat(np.arange(end - begin), size)
            offset = np.arange(len(entity)) - start[entity]
            table = self.table.take(self.first[person[begin:end]][entity] + offset)
            here = slice(*np.searchsorted(case, [begin, end]))
            rows = self.rows[np.searchsorted(self.keys, account[here] * 2 + lost.supplied[here])]
            of = case[here] - begin
            place = start[of] + rows - self.first[person[begin:end]][of]
            for name, values in lost.columns.items():
                if name in table.columns:
                    # No place twice: a case loses once from each row.
                    table.columns[name][place] -= values[here]
            found.append(scorer.score(table, entity).score)
        return np.concatenate(found)


def stretches(sizes: Int64, most: int) -> Iterator[tuple[int, int]]:
    """Begin and end of stretches of about `most` in sum, at least one each."""
    summed = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        done = summed[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(summed, done + most, side="right")))
        yield first, last
        first = last


def of_posts(look: LeavingOut, owners: Columns, scorer: Formula) -> Moments:
    """The moments of everybody in `owners` (account, person; sorted by account) whose posts `look` holds."""
    posts, person_of = look.posts, owner_of(owners)
    owner = person_of(look.features.account)
    members = Members.of(with_uploads(look), np.concatenate([owner, person_of(look.uploaded)]))
    whole = members.scores(scorer)
    # An account of which nothing is known but posts has no row, and nothing to lose.
    known = np.isin(posts.account, look.features.account)
    chosen = np.flatnonzero(known)
    place = np.searchsorted(members.person, person_of(posts.account[chosen]))
    points, change = np.zeros(len(posts)), np.zeros(len(posts))
    points[chosen] = whole[place] - singly(look, members, scorer, chosen, place, fresh=0)
    fresh = chosen[posts.fresh[chosen] == 1]
    place_of_fresh = place[posts.fresh[chosen] == 1]
    change[fresh] = whole[place_of_fresh] - singly(look, members, scorer, fresh, place_of_fresh, fresh=1)
    added = [
        (whole - together(look, members, scorer, rows, of, fresh=only))
        - np.bincount(of, weights=values[rows], minlength=len(whole))
        for rows, of, values, only in ((chosen, place, points, 0), (fresh, place_of_fresh, change, 1))
    ]
    moved = np.flatnonzero((np.abs(points) > LEAST) | (np.abs(change) > LEAST))
    # What is too small to keep is no single post's either.
    small = np.setdiff1d(chosen, moved)
    owner_of_small = np.searchsorted(members.person, person_of(posts.account[small]))
    for values, shared in ((points, added[0]), (change, added[1])):
        shared += np.bincount(owner_of_small, weights=values[small], minlength=len(whole))
    with_posts = np.unique(place)
    nothing = np.zeros(len(with_posts), dtype=np.int64)
    return Moments(
        person=np.concatenate([person_of(posts.account[moved]), members.person[with_posts]]),
        account=np.concatenate([posts.account[moved], nothing]),
        post=np.concatenate([posts.post[moved], nothing]),
        points=np.concatenate([points[moved], added[0][with_posts]]),
        change=np.concatenate([change[moved], added[1][with_posts]]),
        people=np.concatenate([posts.people[moved], nothing]),
        reactions=np.concatenate([posts.reactions[moved], nothing]),
    )


def owner_of(owners: Columns) -> OwnerOf:
    return OwnerOf(np.asarray(owners["account"]), np.asarray(owners["person"]))


@dataclass(frozen=True, slots=True)
class OwnerOf:
    """Called with linked accounts: the person of each."""

    account: Int64
    person: Int64

    def __call__(self, accounts: Int64) -> Int64:
        return self.person[np.searchsorted(self.account, accounts)]


def with_uploads(look: LeavingOut) -> FeatureTable:
    """The features, and an empty row for what accounts in `uploaded` would have of uploads alone."""
    table, more = look.features, look.uploaded
    first = np.searchsorted(table.account, more)
    nothing = np.zeros(len(more), dtype=np.int64)
    return FeatureTable(
        np.concatenate([table.account, more]),
        np.concatenate([table.network, table.network[first]]),
        {name: np.concatenate([values, nothing]) for name, values in table.columns.items()},
        np.concatenate([table.supplied, nothing + 1]),
    )


def singly(look: LeavingOut, members: Members, scorer: Formula, chosen: Int64, person: Int64, *, fresh: int) -> Float64:
    """The scores without each of the `chosen` posts (places), of `person`; fresh: without what is fresh of it."""
    posts, found = look.posts, np.zeros(len(chosen))
    number = np.arange(len(chosen), dtype=np.int64)
    for lost in look.lost(cases_of(posts, chosen, number, fresh)):
        begin, end = int(lost.number[0]), int(lost.number[-1]) + 1
        found[begin:end] = members.without(
            scorer, person[begin:end], lost, lost.number - begin, posts.account[chosen[lost.number]]
        )
    return found


def together(
    look: LeavingOut, members: Members, scorer: Formula, chosen: Int64, person: Int64, *, fresh: int
) -> Float64:
    """By person, the scores without all of the `chosen` posts at once; arguments as for `singly`."""
    posts = look.posts
    # Posts are sorted by account; a case is all of one account's.
    starts = np.flatnonzero(np.diff(posts.account[chosen], prepend=-1))
    number = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(chosen))))
    parts = list(look.lost(cases_of(posts, chosen, number, fresh)))
    if not parts:
        return members.scores(scorer)
    lost = joined(parts)
    order = np.argsort(person[starts[lost.number]], kind="stable")
    lost = Lost(lost.number[order], lost.supplied[order], {name: v[order] for name, v in lost.columns.items()})
    everybody = np.arange(len(members.person))
    return members.without(
        scorer, everybody, lost, person[starts[lost.number]], posts.account[chosen[starts[lost.number]]]
    )


def cases_of(posts: Posts, chosen: Int64, number: Int64, fresh: int) -> Cases:
    return Cases(number, posts.account[chosen], posts.post[chosen], np.full(len(chosen), fresh), posts.events[chosen])


def joined(parts: Sequence[Lost]) -> Lost:
    names = {name: None for part in parts for name in part.columns}
    return Lost(
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.supplied for part in parts]),
        {
            name: np.concatenate([part.columns.get(name, np.zeros(len(part.number), np.int64)) for part in parts])
            for name in names
        },
    )


def write(moments: Moments, *, persons: NDArray[np.int64] | None = None) -> int:
    """Make `moments` the current ones, of everybody, or of `persons` alone between two daily runs; returns the rows.

    In between, what a post did to the day's change stays what the last daily run said.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS moment;
            CREATE TEMP TABLE moment (
                person bigint, account bigint, post bigint, points float8, change float8, people bigint,
                reactions bigint
            ) ON COMMIT DROP
            """
        )
        columns.write(connection, "moment", {name: getattr(moments, name) for name in Moments.__slots__})
        if persons is not None:
            cursor.execute(
                """
                UPDATE moment SET change = coalesce(
                    (SELECT change FROM scoring_moment AS old WHERE old.person_id = moment.person
                     AND old.account = moment.account AND old.post = moment.post), 0
                )
                """
            )
            cursor.execute("DELETE FROM scoring_moment WHERE person_id = ANY(%s)", [persons.tolist()])
        else:
            cursor.execute("DELETE FROM scoring_moment")
        # An account may have been unlinked, or its owner erased, while the run went on.
        cursor.execute(
            """
            INSERT INTO scoring_moment (person_id, account, post, points, change, people, reactions, posted_at)
            SELECT moment.person, moment.account, moment.post, points, change, least(people, 2147483647),
                   least(reactions, 2147483647), posted_at
            FROM moment
            LEFT JOIN scoring_post AS post ON post.account = moment.account AND post.post = moment.post
            WHERE EXISTS (
                SELECT FROM accounts_linkedaccount AS link
                WHERE link.person_id = moment.person AND (moment.account = 0 OR link.account_id = moment.account)
            )
            """
        )
        written: int = cursor.rowcount
    # Once more after the commit: who left in that very moment saw nothing of ours.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM scoring_moment AS moment WHERE NOT EXISTS (
                SELECT FROM accounts_linkedaccount AS link
                WHERE link.person_id = moment.person_id AND (moment.account = 0 OR link.account_id = moment.account)
            )
            """
        )
    return written
