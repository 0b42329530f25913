"""The tables of scoring: the newest rows of the interaction log, and what the daily run published from it."""

from scoring.models.achievements import Award
from scoring.models.interactions import (
    CounterReading,
    ImportJob,
    Interaction,
    Post,
    PostTotal,
    Relation,
    Tombstone,
)
from scoring.models.scores import AccountScore, Component, Score, ScoreHistory, ScoreRun, UnlinkEffect

__all__ = [
    "AccountScore",
    "Award",
    "Component",
    "CounterReading",
    "ImportJob",
    "Interaction",
    "Post",
    "PostTotal",
    "Relation",
    "Score",
    "ScoreHistory",
    "ScoreRun",
    "Tombstone",
    "UnlinkEffect",
]
