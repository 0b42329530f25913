"""Badges, sharing and the installed site in a real browser: with scripts and without, in a frame elsewhere, offline."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import Membership, Person
from tests.fakes.loopback import Asked, Loopback, Reply


class Site(Loopback):
    """Somebody else's site, with whatever page it is given."""

    page = ""

    def route(self, asked: Asked) -> Reply:
        return Reply(body=self.page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.mark.parametrize("scripts", [True, False])
def test_a_badge_is_chosen_and_its_code_copied(visit: Callable[..., Any], alice: Person, scripts: bool) -> None:
    permissions = ["clipboard-read", "clipboard-write"] if scripts else []
    window = visit(user=Membership.objects.get(person=alice).user, scripts=scripts, permissions=permissions)
    page = window.page
    window.open("/badges")
    page.get_by_label("Large: a card with your name").check()
    page.get_by_role("radio", name="For dark pages").check()
    page.get_by_role("button", name="Show this badge").click()
    page.wait_for_url("**/badges?*")
    field = page.get_by_label("Markdown", exact=True)
    assert field.input_value().endswith("/badge/alice/large-dark.svg)](http://127.0.0.1:8000/alice)")
    pictures = page.locator("main img").all()
    assert len(pictures) == 7
    assert all(picture.evaluate("image => image.complete && image.naturalWidth > 0") for picture in pictures)
    copy = page.get_by_role("button", name="Copy: Markdown")
    assert copy.count() == (1 if scripts else 0)
    if scripts:
        copy.click()
        page.locator("[data-copy-status]", has_text="Copied").wait_for(state="attached")
        assert page.evaluate("navigator.clipboard.readText()") == field.input_value()
    assert window.trouble == []


def test_a_score_is_shared_without_a_script(visit: Callable[..., Any], alice: Person) -> None:
    window = visit(scripts=False)
    page = window.page
    window.open("/share/alice")
    assert page.get_by_role("link", name="Bluesky").get_attribute("href").startswith("https://bsky.app/intent/compose")
    page.get_by_label("Your server").fill("not a server")
    page.get_by_role("button", name="Continue").click()
    assert page.get_by_text("This is not the name of a server.").is_visible()
    page.get_by_label("Your server").fill("@alice@town.example")
    page.get_by_role("button", name="Continue").click()
    link = page.get_by_role("link", name="Open town.example").get_attribute("href")
    assert link.startswith("https://town.example/share?text=Alice%20Almeida%20has%20a%20Klout%20score%20of%2049.6")
    assert window.trouble == []


def test_another_site_shows_card_and_badge_and_no_other_page(
    visit: Callable[..., Any], alice: Person, site: Site, live_server: Any
) -> None:
    # Loaded across sites, whoever is logged in here.
    window = visit(user=Membership.objects.get(person=alice).user)
    base = live_server.url
    site.page = (
        f'<!doctype html><title>Elsewhere</title><iframe id="card" src="{base}/embed/alice"></iframe>'
        f'<iframe id="page" src="{base}/alice"></iframe><img src="{base}/badge/alice/small-light.svg" alt="">'
    )
    page = window.page
    page.goto(site.url, wait_until="load")
    assert page.locator("img").evaluate("image => image.naturalHeight") == 20
    card = page.frame_locator("#card")
    assert card.get_by_role("link", name="Alice Almeida has a Klout score of 49.6 of 100").is_visible()
    assert card.locator("svg:visible").count() == 1
    assert page.frame_locator("#page").get_by_text("Alice Almeida").count() == 0
    assert any("frame" in text for text in window.trouble)
    assert not any("/embed/" in text for text in window.trouble)


@pytest.fixture
def installed(visit: Callable[..., Any], alice: Person) -> Any:
    """A window whose pages the service worker stands before."""
    window = visit(user=Membership.objects.get(person=alice).user, service_workers="allow")
    window.open("/alice")
    window.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    window.open("/alice")
    assert window.page.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("/sw.js")
    return window


def test_the_site_is_there_offline_and_keeps_nobodys_pages(installed: Any) -> None:
    page = installed.page
    page.context.set_offline(True)
    installed.open("/alice")
    assert page.get_by_role("heading", name="You are offline").is_visible()
    assert page.locator("text=Alice").count() == 0
    # Dressed as every page: its style sheets were kept.
    assert page.locator(".card").evaluate("card => getComputedStyle(card).borderRadius") == "14px"
    kept = page.evaluate(
        """async () => {
            const names = await caches.keys();
            const stores = await Promise.all(names.map((name) => caches.open(name)));
            const requests = await Promise.all(stores.map((store) => store.keys()));
            return requests.flat().map((request) => new URL(request.url).pathname);
        }"""
    )
    assert "/offline" in kept
    assert [path for path in kept if path != "/offline" and not path.startswith("/static/")] == []
    page.context.set_offline(False)
    page.reload()
    assert page.get_by_role("heading", name="Alice Almeida", exact=True).is_visible()
    assert [text for text in installed.trouble if "ERR_INTERNET_DISCONNECTED" not in text] == []


def test_a_push_is_shown_and_leads_nowhere_but_here(installed: Any) -> None:
    page = installed.page
    page.context.grant_permissions(["notifications"], origin=installed.base)
    console = page.context.new_cdp_session(page)
    versions: list[dict[str, Any]] = []
    console.on("ServiceWorker.workerRegistrationUpdated", lambda event: versions.extend(event["registrations"]))
    console.send("ServiceWorker.enable")
    page.wait_for_timeout(200)
    told = {"title": "Klout", "body": "There is news", "url": "/notifications/7", "tag": "notification-7"}
    console.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": installed.base, "registrationId": versions[0]["registrationId"], "data": json.dumps(told)},
    )
    shown = page.evaluate(
        """async () => {
            const worker = await navigator.serviceWorker.ready;
            for (let tries = 0; tries < 50; tries += 1) {
                const shown = await worker.getNotifications();
                if (shown.length) return shown.map((one) => [one.title, one.body, one.tag, one.data.url]);
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            return [];
        }"""
    )
    assert shown == [["Klout", "There is news", "notification-7", f"{installed.base}/notifications/7"]]
    [worker] = page.context.service_workers
    for evil in ("https://evil.example/x", "//evil.example/x", "javascript:alert(1)", None, "http://[", {"odd": 1}):
        assert worker.evaluate("address => ours(address)", evil).startswith(f"{installed.base}/"), evil
    assert worker.evaluate("ours('/alice')") == f"{installed.base}/alice"


# Chromium here reaches no push service: what that would have given, with real keys, in its place.
GIVEN = """(() => {
    const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    let given = JSON.parse(localStorage.getItem("given"));
    const whole = (data) => data && {
        endpoint: data.endpoint,
        toJSON: () => data,
        unsubscribe: async () => { localStorage.removeItem("given"); return true; },
    };
    Object.defineProperty(PushManager.prototype, "getSubscription", { value: async () => whole(given) });
    Object.defineProperty(PushManager.prototype, "subscribe", { value: async (options) => {
        if (options.userVisibleOnly !== true || options.applicationServerKey.length !== 65) throw new TypeError("key");
        const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
        const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
        const plain = (data) => btoa(String.fromCharCode(...data)).replace(/\\+/g, "-").replace(/\\//g, "_");
        given = { endpoint: "https://push.example/wake/me",
                  keys: { p256dh: plain(point), auth: plain(new Uint8Array(16)) } };
        localStorage.setItem("given", JSON.stringify(given));
        return whole(given);
    } });
    Object.defineProperty(Notification, "requestPermission", { value: async () => window.answer || "granted" });
})();"""


def test_a_browser_is_added_by_its_button_and_taken_away_by_either(visit: Callable[..., Any], alice: Person) -> None:
    user = Membership.objects.get(person=alice).user
    window = visit(user=user, service_workers="allow")
    page = window.page
    page.add_init_script(GIVEN)
    window.open("/settings/notifications")
    add, drop = (page.get_by_role("button", name=name) for name in ("Notify me in this", "No longer in this"))
    add.wait_for()
    assert not drop.is_visible()
    page.evaluate("window.answer = 'denied'")
    add.click()
    page.get_by_text("The browser does not let us").wait_for()
    assert not user.push_subscriptions.exists()
    page.evaluate("window.answer = ''")
    add.click()
    drop.wait_for()
    assert page.get_by_text("This browser", exact=True).is_visible()
    [kept] = user.push_subscriptions.all()
    assert kept.endpoint == "https://push.example/wake/me"
    drop.click()
    add.wait_for()
    assert not user.push_subscriptions.exists()
    add.click()
    drop.wait_for()
    # The list needs no script, and who is taken off it there learns of it at the next visit.
    plain = visit(user=user, scripts=False)
    plain.open("/settings/notifications")
    assert not plain.page.get_by_role("button", name="Notify me in this").is_visible()
    plain.page.get_by_role("button", name="Remove").click()
    plain.page.get_by_text("That browser gets no more notifications.").wait_for()
    assert not user.push_subscriptions.exists()
    page.reload()
    add.wait_for()
    assert page.evaluate("localStorage.getItem('given')") is None
    assert window.trouble == plain.trouble == []
