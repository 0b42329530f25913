"""The tables of scoring: the newest rows of the interaction log, and what the daily run published from it."""

from scoring.models.achievements import Award, AwardProgress
from scoring.models.insights import DayChange, Moment, Suggestion, Suspicion, Trust
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
from scoring.models.ties import Activity, HiddenMoment, Ranking, Tie, ToldScore
from scoring.models.topics import PersonTopic, Topic
from scoring.models.versions import FormulaSwitch, ShadowFormula, ShadowScore

__all__ = [
    "AccountScore",
    "Activity",
    "Award",
    "AwardProgress",
    "Component",
    "CounterReading",
    "DayChange",
    "FormulaSwitch",
    "HiddenMoment",
    "ImportJob",
    "Interaction",
    "Moment",
    "PersonTopic",
    "Post",
    "PostTotal",
    "Ranking",
    "Relation",
    "Score",
    "ScoreHistory",
    "ScoreRun",
    "ShadowFormula",
    "ShadowScore",
    "Suggestion",
    "Suspicion",
    "Tie",
    "ToldScore",
    "Tombstone",
    "Topic",
    "Trust",
    "UnlinkEffect",
]
