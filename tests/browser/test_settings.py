"""The settings in a real browser: passkeys made and used, an authenticator app, colours, with scripts and without."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Person, User
from tests.browser.test_pages import NARROWEST, RULES

PASSWORD = "a long pass phrase"


@pytest.fixture
def member(alice: Person) -> User:
    user: User = alice.users.get()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def log_in(window: Any, user: User) -> None:
    window.page.set_default_timeout(8000)
    window.open("/accounts/login/")
    window.page.get_by_label("Email").fill(user.email)
    window.page.get_by_label("Password", exact=True).fill(PASSWORD)
    window.page.get_by_role("button", name="Log in", exact=True).click()


def show_who_it_is(window: Any) -> None:
    """Before a lock is changed the password is wanted again."""
    window.page.get_by_role("heading", name="Is it you?").wait_for()
    window.page.get_by_label("Password", exact=True).fill(PASSWORD)
    window.page.get_by_role("button", name="Go on").click()


def log_out(window: Any) -> None:
    window.open("/accounts/logout/")
    window.page.get_by_role("button", name="Log out").click()


def is_in(window: Any) -> None:
    window.page.wait_for_url(lambda address: "/accounts/" not in address)
    window.open("/settings/devices")
    assert window.page.get_by_text("this device").is_visible()


def with_authenticator(window: Any) -> Any:
    """Plug a made-up authenticator into the browser: it has a fingerprint reader, and always recognises the finger."""
    devtools = window.page.context.new_cdp_session(window.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def is_accessible(page: Any) -> None:
    """To axe, in the colours and the width that the page has now; and at the narrowest nothing sticks out."""
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    size = page.viewport_size
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    page.set_viewport_size(size)


def code_for(secret: str, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def test_a_passkey_is_made_opens_the_door_alone_and_is_removed(visit: Callable[..., Any], member: User) -> None:
    window = visit(reduced_motion="reduce")
    page = window.page
    with_authenticator(window)
    log_in(window, member)
    window.open("/settings/log-in")
    page.get_by_role("link", name="Add a passkey").click()
    show_who_it_is(window)
    page.get_by_label("Name").fill("The blue laptop")
    is_accessible(page)
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert page.locator(".codes li").count() == 10
    is_accessible(page)
    window.open("/settings/log-in")
    assert page.get_by_role("link", name="Rename The blue laptop").is_visible()
    log_out(window)
    window.open("/accounts/login/?next=/settings/devices")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)
    assert page.get_by_text("this device").is_visible()
    window.open("/settings/log-in")
    page.get_by_role("link", name="Remove The blue laptop").click()
    page.get_by_role("link", name="With a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_text("The passkey was removed").wait_for()
    assert not Authenticator.objects.exists()
    assert window.trouble == []


def test_after_the_password_the_passkey_is_asked_for(visit: Callable[..., Any], member: User) -> None:
    window = visit(reduced_motion="reduce", color_scheme="dark", viewport={"width": 390, "height": 800})
    page = window.page
    with_authenticator(window)
    log_in(window, member)
    window.open("/accounts/2fa/webauthn/add/")
    show_who_it_is(window)
    page.get_by_label("Log in with it alone").uncheck()
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    window.open("/settings/log-in")
    assert page.get_by_text("after the password").is_visible()
    log_out(window)
    log_in(window, member)
    page.get_by_role("heading", name="One more step").wait_for()
    is_accessible(page)
    window.open("/settings/devices")
    assert page.url.endswith("/accounts/2fa/authenticate/"), "the password alone is not enough"
    page.get_by_role("button", name="Use a passkey").click()
    is_in(window)
    assert window.trouble == []


def test_who_cancels_is_told_and_stays(visit: Callable[..., Any], member: User) -> None:
    window = visit()
    page = window.page
    devtools, authenticator = with_authenticator(window)
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    log_in(window, member)
    window.open("/accounts/2fa/webauthn/add/")
    show_who_it_is(window)
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_text("No passkey was made").wait_for()
    assert not Authenticator.objects.exists()
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_an_authenticator_app_is_set_up_and_asked_for(visit: Callable[..., Any], member: User, scripts: bool) -> None:
    window = visit(scripts=scripts, reduced_motion="reduce")
    page = window.page
    log_in(window, member)
    window.open("/settings/log-in")
    page.get_by_role("link", name="Set it up").click()
    show_who_it_is(window)
    secret = page.locator("code.copy").inner_text()
    assert page.get_by_role("img", name="QR code").is_visible()
    if scripts:
        is_accessible(page)
    page.get_by_label("Authenticator code").fill(code_for(secret))
    page.get_by_role("button", name="Switch it on").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    recovery = page.locator(".codes code").first.inner_text()
    log_out(window)
    log_in(window, member)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_text("Incorrect code").first.wait_for()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Log in", exact=True).click()
    is_in(window)
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_colours_and_parts_are_chosen(visit: Callable[..., Any], member: User, alice: Person, scripts: bool) -> None:
    window = visit(user=member, scripts=scripts, color_scheme="light")
    page = window.page
    window.open("/preferences")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    background = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") if scripts else None
    assert background in {None, "rgb(17, 24, 28)"}
    assert page.locator("html").get_attribute("data-theme") == "dark"
    window.open("/settings/visibility")
    page.get_by_role("group", name="Linked networks").get_by_label("nobody but me").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    alice.refresh_from_db()
    assert alice.shown == {"networks": "hidden"}
    assert window.trouble == []


def test_on_a_telephone_the_settings_fold_and_are_reached_by_the_keyboard(
    visit: Callable[..., Any], member: User
) -> None:
    window = visit(user=member, scripts=False, viewport={"width": 390, "height": 800})
    window.open("/settings/keys")
    devices = window.page.get_by_role("link", name="Devices")
    assert not devices.is_visible()
    window.page.locator("nav summary", has_text="All settings").focus()
    window.page.keyboard.press("Enter")
    assert devices.is_visible()
    window.page.set_viewport_size({"width": 1280, "height": 800})
    window.open("/settings/keys")
    assert devices.is_visible(), "where there is room nothing needs opening"
    devices.click()
    window.page.get_by_role("heading", name="Where you are logged in").wait_for()
    assert window.trouble == []


def test_a_key_of_the_api_is_made_and_ended(visit: Callable[..., Any], member: User) -> None:
    window = visit(user=member, scripts=False)
    page = window.page
    window.open("/settings/keys")
    page.get_by_label("Name").fill("my script")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("code.copy").inner_text()
    answer = page.request.get(f"{window.base}/v2/identity.json/twitter?screenName=alice&key={key}")
    assert answer.status == 200
    window.open("/settings/keys")
    assert key not in page.content()
    page.get_by_role("button", name="End it my script").click()
    assert page.request.get(f"{window.base}/v2/identity.json/twitter?screenName=alice&key={key}").status == 403
    assert window.trouble == []
