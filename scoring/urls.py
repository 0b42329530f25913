"""The addresses of the public pages and of the API in Klout's form; /<handle> is last, since it takes every word."""

from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter

from accounts.handles import FORM
from scoring import uploads, webmention
from scoring.views import (
    achievements,
    activity,
    badges,
    boards,
    chart,
    choosing,
    compare,
    dashboard,
    data_use,
    embeds,
    formulas,
    home,
    lists,
    moments,
    moments_feed,
    plus_k,
    profile,
    question_actions,
    questions,
    search,
    sharing,
    team_month,
    teams,
    topic_settings,
    topics,
    transparency,
    welcome,
    why,
)


class HandleConverter:
    """What can be a handle; any other word is no address at all."""

    regex = FORM.pattern

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(HandleConverter, "handle")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("welcome", welcome.welcome, name="welcome"),
    path("dashboard", dashboard.dashboard, name="dashboard"),
    # Klout's own host served /v2; its clients append that to whatever base they are given.
    path("v2/", include("scoring.api.urls")),
    path("api/v2/", include("scoring.api.urls")),
    path("settings/topics", topic_settings.topics_page, name="topics"),
    path("settings/topics/dispute", topic_settings.dispute_page, name="topic_dispute"),
    path("settings/pinned", choosing.pinned_page, name="pinned"),
    path("settings/import", uploads.import_page, name="import"),
    path("settings/import/<int:job_id>", uploads.import_job, name="import_job"),
    path("webmention", webmention.endpoint, name="webmention"),
    path("transparency", transparency.index, name="transparency"),
    path("transparency/formulas", formulas.formulas, name="formulas"),
    path("transparency/features", transparency.features, name="features"),
    path("transparency/data", data_use.data_use, name="data_use"),
    path("topics", topics.index, name="topic_index"),
    path("topics/<slug:slug>", topics.topic, name="topic"),
    path("topics/<slug:slug>/ask", questions.ask, name="ask"),
    path("questions", questions.index, name="questions"),
    path("questions/<int:pk>", questions.question, name="question"),
    path("questions/<int:pk>/edit", question_actions.edit_question, name="edit_question"),
    path("questions/<int:pk>/withdraw", question_actions.withdraw_question, name="withdraw_question"),
    path("questions/<int:pk>/report", question_actions.report_question, name="report_question"),
    path("questions/<int:pk>/object", question_actions.object_question, name="object_question"),
    path("answers/<int:pk>/edit", question_actions.edit_answer, name="edit_answer"),
    path("answers/<int:pk>/withdraw", question_actions.withdraw_answer, name="withdraw_answer"),
    path("answers/<int:pk>/report", question_actions.report_answer, name="report_answer"),
    path("answers/<int:pk>/object", question_actions.object_answer, name="object_answer"),
    path("answers/<int:pk>/plus-k", question_actions.answer_plus_k, name="answer_plus_k"),
    path("search", search.search, name="search"),
    path("leaderboards", boards.leaderboards, name="leaderboards"),
    path("leaderboards/country/<str:code>", boards.board_country, name="board_country"),
    path("leaderboards/topic/<slug:slug>", boards.board_topic, name="board_topic"),
    path("leaderboards/following", boards.board_following, name="board_following"),
    path("teams", teams.teams, name="teams"),
    path("teams/<str:handle>", teams.team, name="team"),
    path("teams/<str:handle>/month", team_month.team_month, name="team_month"),
    path("teams/<str:handle>/month.csv", team_month.team_month_csv, name="team_month_csv"),
    path("achievements", achievements.achievements, name="achievements"),
    path("achievements/all", achievements.achievement_catalogue, name="achievement_catalogue"),
    path("achievements/<slug:family>", achievements.achievement_family, name="achievement_family"),
    path("achievements/<slug:family>/<int:level>.svg", achievements.achievement_picture, name="achievement_picture"),
    path("lists", lists.lists, name="lists"),
    path("lists/<int:list_id>", lists.one_list, name="list"),
    path("badges", badges.studio, name="badges"),
    re_path(
        rf"^badge/(?P<handle>{FORM.pattern})/(?P<size>small|medium|large)-(?P<theme>light|dark)\.(?P<form>svg|png)$",
        embeds.badge,
        name="badge",
    ),
    path("embed/<handle:handle>", embeds.embed, name="embed"),
    path("compare", compare.compare, name="compare"),
    path("oembed", embeds.oembed, name="oembed"),
    path("share/<handle:handle>", sharing.share, name="share"),
    path("plus-k", plus_k.plus_k, name="plus_k"),
    path("plus-k/<int:number>/undo", plus_k.undo_plus_k, name="undo_plus_k"),
    path("<handle:handle>/plus-k", plus_k.give_plus_k, name="give_plus_k"),
    path("<handle:handle>/card.png", embeds.card, name="card"),
    path("<handle:handle>/achievements", achievements.public_shelf, name="shelf"),
    path("<handle:handle>/chart", chart.chart, name="chart"),
    path("<handle:handle>/why", why.why, name="why"),
    path("<handle:handle>/chart.csv", chart.chart_csv, name="chart_csv"),
    path("<handle:handle>/moments", moments.moments, name="moments"),
    path("<handle:handle>/moments.atom", moments_feed.moments_feed, name="moments_feed"),
    path("<handle:handle>/activity", activity.activity, name="activity"),
    path("<handle:handle>/activity.csv", activity.activity_csv, name="activity_csv"),
    path("<handle:handle>", profile.profile, name="profile"),
]
