"""Results on the brands' pages: who sees them, what they say, and files that no program runs anything of."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from perks import campaign_days
from perks.models import AuditEntry, CampaignCount, CampaignDay, Tier, Variant
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team, second_factor
from tests.perks.posts import make_account, make_claim, make_post
from tests.scoring.reading import text_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EVIL = '=HYPERLINK("https://evil.example","x")'


@pytest.fixture
def campaign(db):
    """Acme's, with three claims, a post, and names that a spreadsheet would run."""
    campaign = make_campaign(
        make_brand("Acme"),
        title=EVIL,
        at=AT,
        stock=50,
        hashtag="acme",
        kind="discount",
        cost_each=Decimal("9.50"),
        currency="EUR",
        hold_out=20,
    )
    Variant.objects.filter(campaign=campaign).update(name="+cmd|' /C calc'!A0")
    tier = Tier.objects.create(campaign=campaign, minimum_score=20, name="@SUM(A1)", benefit="10%")
    for place in range(3):
        person = make_member(f"Guest{place}")
        make_claim(campaign, person, AT + place * DAY, tier=tier)
        make_post(make_account(person, followers=100), AT + 3 * DAY, tags=["acme"], people=2, reactions=3)
    campaign_days.write(campaign, AT + 4 * DAY)
    return campaign


@pytest.fixture
def team(campaign) -> dict[str, Client]:
    clients = {}
    for name, user in make_team(
        campaign.brand, owner="owner", editor="editor", fulfilment="fulfilment", viewer="viewer"
    ).items():
        clients[name] = Client()
        clients[name].force_login(second_factor(user))
    clients["other"] = Client()
    clients["other"].force_login(second_factor(make_team(make_brand("Zenith"), zoe="owner")["zoe"]))
    return clients


def at(name: str, campaign=None) -> str:
    return reverse(f"brands:perks_campaignresults_{name}", args=[campaign.pk] if campaign else [])


@pytest.mark.parametrize("role", ["owner", "editor", "fulfilment", "viewer"])
def test_everybody_of_the_team_sees_the_results(team, campaign, role):
    text = text_of(team[role].get(at("change", campaign)))
    assert "People who claimed 3" in text
    assert "€28.50" in text
    assert "fewer than 20" in text
    assert team[role].get(at("report", campaign)).status_code == 200
    assert EVIL in text_of(team[role].get(at("changelist")))


@pytest.mark.parametrize("name", ["change", "report", "csv", "xlsx", "history", "delete"])
def test_another_brands_results_do_not_exist(team, campaign, name):
    response = team["other"].get(at(name, campaign))
    assert response.status_code in (403, 404) or response.url == reverse("brands:index")
    assert "HYPERLINK" not in text_of(team["other"].get(at("changelist")))


def test_nobody_changes_anything_here(team, campaign):
    for name in ("change", "changelist"):
        assert team["owner"].post(at(name, campaign if name == "change" else None)).status_code == 405
    assert team["owner"].get(at("add")).status_code == 403


def test_who_posted_is_named_nowhere(team, campaign):
    for name in ("change", "report", "csv"):
        response = team["owner"].get(at(name, campaign))
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert b"guest" not in body.lower()


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("editor", 200), ("viewer", 200), ("fulfilment", 403)])
def test_files_are_for_who_may_export_and_each_is_written_down(team, campaign, role, status):
    for name in ("csv", "xlsx"):
        assert team[role].get(at(name, campaign)).status_code == status
    lines = AuditEntry.objects.filter(action="export results", campaign=campaign)
    assert lines.count() == (2 if status == 200 else 0)
    offered = text_of(team[role].get(at("change", campaign)))
    assert ("Everything as CSV" in offered) == (status == 200)


def test_no_cell_of_the_csv_is_a_formula(team, campaign):
    response = team["owner"].get(at("csv", campaign))
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    cells = [cell for row in rows for cell in row]
    assert f"'{EVIL}" in cells
    assert not [cell for cell in cells if cell[:1] in "=+@\t\r" and cell]
    assert ["People who claimed", "3", "1.0", "of those who held one", "9.50"] in rows
    assert ["People who posted about it", "fewer than 20", "", "", ""] in rows


def test_no_cell_of_the_workbook_is_a_formula_and_numbers_are_numbers(team, campaign):
    from openpyxl import load_workbook

    response = team["owner"].get(at("xlsx", campaign))
    assert "attachment" in response["Content-Disposition"]
    book = load_workbook(io.BytesIO(response.content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert f"'{EVIL}" in [cell.value for cell in cells]
    funnel = {row[0].value: [cell.value for cell in row[1:]] for row in book["funnel"].iter_rows(min_row=2)}
    assert funnel["People who claimed"][0] == 3
    assert funnel["People who claimed"][3] == 9.5
    days = [row[0].value.date() for row in book["days"].iter_rows(min_row=2)]
    assert days[:3] == [(AT + place * DAY).date() for place in range(3)]


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("viewer", 200), ("fulfilment", 403), ("other", 200)])
def test_campaigns_side_by_side_are_a_file_of_ones_own_brands(team, campaign, role, status):
    response = team[role].get(reverse("brands:perks_campaignresults_beside"))
    assert response.status_code == status
    if status == 200:
        rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode()[1:])))
        expected = [f"'{EVIL}", "Acme", "live", "fewer than 20", "3", "3", "0", "3", "9", "EUR", "28.50", "9.50"]
        assert rows[1:] == ([] if role == "other" else [expected])
    lines = AuditEntry.objects.filter(action="export results", brand=campaign.brand)
    assert lines.count() == (role in ("owner", "viewer"))


def test_the_picture_shows_who_saw_it_and_who_qualifies(team, campaign):
    CampaignDay.objects.filter(campaign=campaign).update(impressions=70, views=30, eligible=40)
    page = team["owner"].get(at("change", campaign)).content.decode()
    picture = page.partition('<svg class="days"')[2].partition("</svg>")[0]
    for words in ("Pages it was on", "Views of its page", "Qualify"):
        assert words in picture
    sheet = team["owner"].get(at("report", campaign)).content.decode()
    assert "Qualify" not in sheet.partition('<svg class="days"')[2].partition("</svg>")[0]


def test_the_page_and_both_files_say_the_same(team, campaign):
    page = text_of(team["owner"].get(at("change", campaign)))
    for words in ("From seeing it to posting about it", "By variant", "By window", "In all"):
        assert words in page
    sheet = b"".join(team["owner"].get(at("csv", campaign)).streaming_content).decode()
    assert "By variant" in sheet
    # A single tier of three people is told as few, in all of them.
    assert "@SUM(A1) fewer than 20 fewer than 20 fewer than 20" in page
    assert "'@SUM(A1),fewer than 20,fewer than 20,fewer than 20" in sheet


def test_the_picture_has_words_and_a_table_beside_it(team, campaign):
    html = team["owner"].get(at("change", campaign)).content.decode()
    assert 'role="img" aria-labelledby="days-title days-text"' in html
    assert "In all 3 claims, 0 uses and 3 posts" in html
    assert html.count("<rect x=") == 4
    assert "style=" not in html.partition('id="content-main"')[2].partition("</svg>")[0]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((10, 1, 300, 60), "nothing can be said yet"),
        ((200, 10, 800, 44), "No difference can be told from chance"),
        ((200, 10, 800, 200), "more often, by 20.0% of the people. That is more than chance."),
        ((200, 60, 800, 40), "less often, by 25.0% of the people. That is more than chance."),
    ],
)
def test_the_comparison_says_what_can_be_said(team, campaign, counts, words):
    left_out, left_out_posted, others, others_posted = counts
    CampaignCount.objects.filter(campaign=campaign).update(
        left_out=left_out, left_out_posted=left_out_posted, others=others, others_posted=others_posted
    )
    page = text_of(team["viewer"].get(at("change", campaign)))
    assert words in page
    # A count below twenty is not told, and its share only roughly.
    assert ("Left out 200 fewer than 20 5.0%" in page) == (left_out_posted == 10)


def test_pages_take_as_many_queries_for_many_claims_as_for_few(team, campaign, django_assert_max_num_queries):
    def visit() -> None:
        for path in (at("change", campaign), at("report", campaign), at("changelist")):
            with django_assert_max_num_queries(12):
                assert team["viewer"].get(path).status_code == 200

    visit()
    for place in range(30):
        make_claim(campaign, make_member(f"More{place}", None), AT + place * DAY)
        make_campaign(campaign.brand, title=f"Number {place}", at=AT)
    visit()


@pytest.mark.parametrize("odd", ["0", "9" * 30, "x", "-1"])
def test_odd_numbers_are_nobodys(team, odd):
    for end in ("change", "report", "csv", "xlsx"):
        assert team["owner"].get(f"/brands/perks/campaignresults/{odd}/{end}/").status_code in (302, 404)


def test_before_anybody_came_there_is_nothing_to_draw(team, campaign):
    empty = make_campaign(campaign.brand, title="A coat", at=AT)
    page = text_of(team["owner"].get(at("change", empty)))
    assert "People who claimed 0" in page
    assert "Day by day" not in page
