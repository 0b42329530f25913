"""To a network and back in a real browser, under the strict CSP: what a form may not do, the page after it does."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Credential, LinkedAccount, Membership, Person
from tests.browser.test_pages import RULES, Axe
from tests.fakes.oauth import CLIENT, FakeOAuth


@pytest.mark.parametrize("slug", ["github", "mastodon"])
@pytest.mark.parametrize("scripts", [True, False])
def test_connecting_leads_to_the_network_and_back(
    visit: Callable[..., Any], alice: Person, settings: Any, live_server: Any, slug: str, scripts: bool
) -> None:
    with FakeOAuth(slug) as fake:
        settings.SITE_URL = live_server.url
        settings.NETWORK_ORIGINS = fake.origins()
        settings.NETWORK_PRIVATE_HOSTS = [fake.host]
        settings.NETWORK_KEYS = settings.NETWORK_KEYS | ({} if slug == "mastodon" else {slug: CLIENT})
        window = visit(user=Membership.objects.get(person=alice).user, scripts=scripts)
        window.open(f"/settings/connect/{slug}")
        if slug == "mastodon":
            window.page.fill('input[name="server"]', fake.url)
        window.page.click('button[value="agree"], form:has(input[value="agree"]) button[type="submit"]')
        window.page.wait_for_url("**/settings/accounts/*")
        link = LinkedAccount.objects.get(credential__isnull=False)
        assert window.page.url.endswith(f"/settings/accounts/{link.pk}")
        assert Credential.objects.count() == 1
        assert not window.trouble
        # Neither the code nor the state stays in the address.
        assert "code=" not in window.page.url


def test_the_page_that_leads_away_is_accessible(
    visit: Callable[..., Any], settings: Any, live_server: Any, transactional_db: None
) -> None:
    with FakeOAuth("google") as fake:
        settings.NETWORK_ORIGINS = fake.origins()
        settings.NETWORK_KEYS = settings.NETWORK_KEYS | {"google": CLIENT}
        window = visit()
        # "No content" leaves the page where it is; for an answer that never comes the browser would wait.
        window.page.route(f"{fake.url}/**", lambda route: route.fulfill(status=204))
        window.open("/accounts/login/")
        window.page.click('form[action="/accounts/with/google"] button')
        window.page.wait_for_selector("text=Go on to")
        found = Axe().run(window.page, options=RULES).response["violations"]
        # That it moves on at once by itself is what it is for.
        assert [violation["id"] for violation in found if violation["id"] != "meta-refresh"] == []
