"""How much of a topic is somebody's, from 0 to 1, by what speaks for it.

Each line of evidence is worth a strength that rises with what it counts and never reaches its source's cap. Lines of
one source join as chances do, 1 - (1 - a)(1 - b)..., and are held at the cap; the sources join in the same way:

    expertise = 1 - product over the sources of (1 - min(cap, 1 - product over its lines of (1 - strength)))

So more evidence never lowers it, it stays below 1, and nobody's own words alone bring them past the cap of hashtags:
what others say (lists above all) is worth more. What somebody uploaded about themselves is worth half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.models import TopicEvidence

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SOURCES = tuple(str(source) for source in TopicEvidence.Source.values)
HASHTAG, LIST, SKILL, RECOMMENDATION, PLUS_K, ANSWER = SOURCES
CAPS: Mapping[str, float] = {
    HASHTAG: 0.5,
    LIST: 0.9,
    SKILL: 0.7,
    RECOMMENDATION: 0.6,
    PLUS_K: 0.5,
    ANSWER: 0.4,
}
# Below this a topic is not shown, and nobody gets it: it is kept for nothing.
LEAST = 0.15
# So many topics does evidence give one person, the strongest first; chosen ones come on top.
MOST = 20
# What a topic above gets of one below, by how many levels; to a wide one only several right below it bring anything.
LIFT = {1: 0.35, 2: 0.12}
CHILDREN_FOR_WIDE = 2
# What somebody uploaded themselves.
SUPPLIED = 0.5
# Half of what hashtags can bring is for the posts, half for how many others they moved.
POSTS, REACTED = 6.0, 15.0


@dataclass(frozen=True, slots=True)
class Saturation:
    """1 - exp(-number / at): of `at` things about two thirds are there, of three times as many nearly all."""

    at: float

    def __call__(self, number: Float64 | Int64) -> Float64:
        return np.asarray(1.0 - np.exp(-np.asarray(number, dtype=np.float64) / self.at))


def of_hashtags(posts: Int64, people: Int64) -> Float64:
    """Strength of a hashtag by the posts that carry it and the different people who reacted to these."""
    half = CAPS[HASHTAG] / 2
    return half * Saturation(POSTS)(posts) + half * Saturation(REACTED)(people)


def of_lists(lists: Float64 | Int64) -> Float64:
    """Strength of one list's name by how many lists are called so; those of an upload count SUPPLIED."""
    return CAPS[LIST] * Saturation(4.0)(lists)


def of_skills(endorsers: Float64 | Int64) -> Float64:
    return CAPS[SKILL] * Saturation(4.0)(endorsers)


def of_recommendations(people: Float64 | Int64) -> Float64:
    return CAPS[RECOMMENDATION] * Saturation(2.0)(people)


def of_plus_k(damped: Float64) -> Float64:
    """Strength of +K by what they come to once rings and returned favours count less (PersonTopic.plus_k)."""
    return CAPS[PLUS_K] * Saturation(5.0)(damped)


def of_answers(people: Float64 | Int64) -> Float64:
    """Strength of answers to questions of the topic by how many people gave +K for them."""
    return CAPS[ANSWER] * Saturation(4.0)(people)


def joined(group: Int64, source: Int64, strength: Float64, groups: int) -> Float64:
    """Expertise by group [groups] of lines: which group each is of, its source (a place in SOURCES), its strength."""
    # Sums of logarithms are products; a strength is below its cap, which is below 1.
    left = np.log1p(-np.clip(strength, 0.0, 0.999_999))
    cells = np.bincount(group * len(SOURCES) + source, weights=left, minlength=groups * len(SOURCES))
    missing = cells.reshape(groups, len(SOURCES))
    caps = np.array([CAPS[name] for name in SOURCES])
    by_source = np.minimum(caps, -np.expm1(missing))
    return np.asarray(1.0 - np.prod(1.0 - by_source, axis=1))
