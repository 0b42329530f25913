"""The tables of scoring: the newest rows of the interaction log, and what the daily run published from it."""

from scoring.models.achievements import Award, AwardProgress, Definition, PreviewedAward, Rarity, SeenAwards
from scoring.models.endorsements import APART, Endorsement, Purse
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
from scoring.models.questions import Answer, AskedExpert, ModerationEntry, Question, Report, Silenced
from scoring.models.scores import AccountScore, Component, Score, ScoreHistory, ScoreRun, UnlinkEffect
from scoring.models.ties import Activity, HiddenMoment, Ranking, Tie, ToldScore
from scoring.models.topics import AttachedWords, MisleadingWords, PersonTopic, Topic, TopicDispute, TopicEvidence
from scoring.models.versions import FormulaSwitch, ShadowFormula, ShadowScore

__all__ = [
    "APART",
    "AccountScore",
    "Activity",
    "Answer",
    "AskedExpert",
    "AttachedWords",
    "Award",
    "AwardProgress",
    "Component",
    "CounterReading",
    "DayChange",
    "Definition",
    "Endorsement",
    "FormulaSwitch",
    "HiddenMoment",
    "ImportJob",
    "Interaction",
    "MisleadingWords",
    "ModerationEntry",
    "Moment",
    "PersonTopic",
    "Post",
    "PostTotal",
    "PreviewedAward",
    "Purse",
    "Question",
    "Ranking",
    "Rarity",
    "Relation",
    "Report",
    "Score",
    "ScoreHistory",
    "ScoreRun",
    "SeenAwards",
    "ShadowFormula",
    "ShadowScore",
    "Silenced",
    "Suggestion",
    "Suspicion",
    "Tie",
    "ToldScore",
    "Tombstone",
    "Topic",
    "TopicDispute",
    "TopicEvidence",
    "Trust",
    "UnlinkEffect",
]
