"""Several processes claim at once, and some are killed: what they leave behind is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from perks import claims
from perks.models import Claim, Code, Variant
from tests.conftest import ROOT
from tests.perks.campaigns import make_brand, make_campaign, make_member
from tests.perks.racing import crowd
from tests.perks.taking import assert_consistent, take
from tests.scoring.processes import PRELUDE, run_python

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(hours=1)
TAKING = """
from concurrent.futures import ThreadPoolExecutor
from accounts.models import Person
from perks import claims
from perks.errors import PerkError
from perks.models import Campaign
from tests.perks.taking import take


def attempt(person, campaign):
    try:
        return take(campaign, person, key=f"{os.getpid()} {person.pk} {campaign.pk}")
    except PerkError:
        return None
"""
# Ten threads for everybody, in an order of the process's own.
CROWD = (
    TAKING
    + """
people, campaigns = list(Person.objects.order_by("pk")), list(Campaign.objects.order_by("pk"))
turn = int(sys.argv[1])
pairs = [(person, campaigns[(place + turn) % len(campaigns)]) for place, person in enumerate(people)]
with ThreadPoolExecutor(10) as pool:
    print(sum(made is not None for made in pool.map(lambda pair: attempt(*pair), pairs[turn:] + pairs[:turn])))
"""
)
# Claims and claims until it is killed; of each three holds two are confirmed.
ENDLESS = (
    TAKING
    + """
campaign = Campaign.objects.get()
for place, person in enumerate(Person.objects.order_by("pk")):
    made = attempt(person, campaign)
    if place % 3:
        claims.confirm(claim=made)
    print(place, flush=True)
"""
)
# Killed with the claim moved and the code given, before the stock is counted and anything is committed.
HALFWAY = (
    TAKING
    + """
from perks import timeline
timeline.note = lambda *given, **details: die()
from perks.models import Claim
claims.confirm(claim=Claim.objects.get())
"""
)
# The same without a transaction around it.
HALFWAY_ALONE = (
    """
from contextlib import nullcontext
from perks.claims import using
from django.db import transaction
transaction.atomic = nullcontext
"""
    + HALFWAY
)


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    """As run_python, without waiting for its end."""
    database = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
    given = json.dumps({"database": database, "lake": settings.LAKE})
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, *arguments],
        cwd=ROOT,
        env=os.environ | {"TEST_PROCESS": given, "DJANGO_SETTINGS_MODULE": "klout.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_several_processes_share_what_there_is() -> None:
    for name in ("Acme", "Zenith"):
        make_campaign(make_brand(name), stock=10, kind="shipped")
    crowd(60)
    processes = [start(CROWD, str(turn)) for turn in range(3)]
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert sum(int(made) for made, _ in answers) == 20
    assert Claim.objects.filter(state="held").count() == 20
    assert_consistent(*Variant.objects.all())


def test_a_process_that_is_killed_among_its_claims_leaves_nothing_half_done() -> None:
    campaign = make_campaign(stock=200)
    crowd(200)
    process = start(ENDLESS)
    try:
        # In the middle of whatever it does after the twentieth.
        for line in process.stdout:
            if int(line) >= 20:
                break
        time.sleep(0.005)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
    variant = campaign.variants.get()
    assert Claim.objects.count() >= 21
    assert_consistent(variant)
    # Whatever it held ends, and everything that was not claimed can be had again.
    later = timezone.now() + LATER
    claims.expire_due(at=later)
    variant.refresh_from_db()
    claimed = Claim.objects.filter(state="claimed").count()
    assert (variant.held, variant.left) == (0, 200 - claimed)
    assert Code.objects.filter(given_at__isnull=False).count() == claimed
    assert_consistent(variant)


def test_a_process_that_is_killed_within_a_confirmation_has_done_nothing() -> None:
    alice, campaign = make_member("Alice"), make_campaign(stock=1)
    claim = take(campaign, alice)
    killed = run_python(HALFWAY)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    claim.refresh_from_db()
    assert claim.state == "held"
    assert not Code.objects.filter(given_at__isnull=False).exists()
    assert_consistent(campaign.variants.get())
    # Its person can go on.
    assert claims.confirm(claim=claim).code is not None
    assert_consistent(campaign.variants.get())


def test_killed_within_a_confirmation_without_a_transaction_the_counts_are_wrong() -> None:
    """The control."""
    campaign = make_campaign(stock=1)
    take(campaign, make_member("Alice"))
    killed = run_python(HALFWAY_ALONE)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Claim.objects.get().state == "claimed"
    assert list(claims.differences()) != []
