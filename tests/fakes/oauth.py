"""A server on 127.0.0.1 at which Alice logs in and lets an app read her account, as one of thirteen networks.

Written by hand after RFC 6749, 7009 and 7636, OpenID Connect Core, X's "OAuth 2.0 Authorization Code Flow with PKCE",
Meta's "Manually Build a Login Flow", "Instagram API with Instagram Login" and "Threads API: Get Access Tokens",
LinkedIn's "Sign In with LinkedIn using OpenID Connect", Google's "OAuth 2.0 for Web Server Applications", GitHub's
"Authorizing OAuth apps", docs.joinmastodon.org (spec/oauth, methods/apps), Foursquare's "Authentication", MediaWiki's
"OAuth/For Developers", Twitch's "Getting OAuth Access Tokens", Reddit's "OAuth2" and TikTok's "Login Kit for Web";
nothing here was recorded from a live server.
"""

import base64
import hashlib
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import jwt

from tests.fakes.loopback import Asked, Loopback, Reply

CLIENT = ("the-app-of-klout", "a-secret-of-our-app-that-nobody-may-see")


@dataclass(frozen=True)
class Dialect:
    """How one network does it. hosts: its origins, which the fake stands in for."""

    hosts: tuple[str, ...]
    authorize: str
    token: str
    revoke: str = ""
    basic: bool = False
    client_id: str = "client_id"
    between: str = " "
    pkce: bool = False
    # Seconds that an access token lives (None: it does not lapse, and the answer names no time).
    lives: int | None = 3600
    refreshes: bool = False
    rotates: bool = False
    # Meta's word in the names of grants, with the paths for exchanging and refreshing.
    meta: str = ""
    exchange: str = ""
    refresh: str = ""


DIALECTS = {
    "twitter": Dialect(
        ("https://x.com", "https://api.x.com"),
        "/i/oauth2/authorize",
        "/2/oauth2/token",
        "/2/oauth2/revoke",
        basic=True,
        pkce=True,
        lives=7200,
        refreshes=True,
        rotates=True,
    ),
    "facebook": Dialect(
        ("https://www.facebook.com", "https://graph.facebook.com"),
        "/v25.0/dialog/oauth",
        "/v25.0/oauth/access_token",
        "/v25.0/me/permissions",
        between=",",
        meta="fb",
        exchange="/v25.0/oauth/access_token",
    ),
    "linkedin": Dialect(
        ("https://www.linkedin.com", "https://api.linkedin.com"),
        "/oauth/v2/authorization",
        "/oauth/v2/accessToken",
        "/oauth/v2/revoke",
        lives=5184000,
    ),
    "google": Dialect(
        (
            *("https://accounts.google.com", "https://oauth2.googleapis.com"),
            *("https://www.googleapis.com", "https://youtube.googleapis.com"),
        ),
        "/o/oauth2/v2/auth",
        "/token",
        "/revoke",
        refreshes=True,
    ),
    "instagram": Dialect(
        ("https://www.instagram.com", "https://api.instagram.com", "https://graph.instagram.com"),
        "/oauth/authorize",
        "/oauth/access_token",
        between=",",
        lives=None,
        meta="ig",
        exchange="/access_token",
        refresh="/refresh_access_token",
    ),
    "threads": Dialect(
        ("https://threads.net", "https://graph.threads.net"),
        "/oauth/authorize",
        "/oauth/access_token",
        between=",",
        lives=None,
        meta="th",
        exchange="/access_token",
        refresh="/refresh_access_token",
    ),
    "foursquare": Dialect(
        ("https://foursquare.com", "https://api.foursquare.com"),
        "/oauth2/authenticate",
        "/oauth2/access_token",
        lives=None,
    ),
    "wikipedia": Dialect(
        ("https://meta.wikimedia.org", "https://en.wikipedia.org"),
        "/w/rest.php/oauth2/authorize",
        "/w/rest.php/oauth2/access_token",
        lives=14400,
        refreshes=True,
        rotates=True,
    ),
    "github": Dialect(
        ("https://github.com", "https://api.github.com"),
        "/login/oauth/authorize",
        "/login/oauth/access_token",
        f"/applications/{CLIENT[0]}/grant",
        lives=None,
    ),
    "reddit": Dialect(
        ("https://www.reddit.com", "https://oauth.reddit.com"),
        "/api/v1/authorize",
        "/api/v1/access_token",
        "/api/v1/revoke_token",
        basic=True,
        lives=86400,
        refreshes=True,
    ),
    "twitch": Dialect(
        ("https://id.twitch.tv", "https://api.twitch.tv"),
        "/oauth2/authorize",
        "/oauth2/token",
        "/oauth2/revoke",
        lives=14124,
        refreshes=True,
    ),
    "tiktok": Dialect(
        ("https://www.tiktok.com", "https://open.tiktokapis.com"),
        "/v2/auth/authorize/",
        "/v2/oauth/token/",
        "/v2/oauth/revoke/",
        client_id="client_key",
        between=",",
        lives=7200,
        refreshes=True,
        rotates=True,
    ),
    "mastodon": Dialect((), "/oauth/authorize", "/oauth/token", "/oauth/revoke", lives=None),
}


class FakeOAuth(Loopback):
    """`account` is whoever is logged in at the network; `declines` are scopes that they do not grant.

    secrets: every token, code and secret that was ever given out, for looking where none may be.
    """

    def __init__(self, slug: str) -> None:
        super().__init__()
        self.slug, self.dialect = slug, DIALECTS[slug]
        self.clients = {} if slug == "mastodon" else {CLIENT[0]: CLIENT[1]}
        # Where each app that registered itself may have people sent back to.
        self.registered: dict[str, str] = {}
        self.account: dict[str, Any] = {
            "id": "1001",
            "username": "AliceArcher",
            "name": "Alice Archer",
            "email": "alice.archer@mail.example",
            "email_verified": True,
        }
        self.declines: set[str] = set()
        self.refuses = ""
        self.codes: dict[str, dict[str, Any]] = {}
        self.access: dict[str, dict[str, Any]] = {}
        self.refreshable: dict[str, dict[str, Any]] = {}
        self.secrets: list[str] = [CLIENT[1]]
        self.refreshed = 0
        # What is done while a token is being refreshed: for tests of what happens at once.
        self.while_refreshing: Callable[[], None] = lambda: None

    def origins(self) -> dict[str, str]:
        """For settings.NETWORK_ORIGINS."""
        return dict.fromkeys(self.dialect.hosts, self.url)

    def visit(self, url: str) -> str:
        """What a browser does with the way to the network: the address to which it is sent back."""
        parts = urlsplit(url)
        assert parts.netloc == self.host, f"{url} leads to another network"
        caller = http.client.HTTPConnection(self.host, timeout=5)
        caller.request("GET", f"{parts.path}?{parts.query}")
        response = caller.getresponse()
        body = response.read()
        caller.close()
        assert response.status == 302, body
        return str(response.headers["Location"])

    def make(self, kind: str) -> str:
        secret = f"{kind}-of-{self.slug}-{len(self.secrets)}-that-nobody-may-see"
        self.secrets.append(secret)
        return secret

    def route(self, asked: Asked) -> Reply:
        form = dict(asked.params) | dict(parse_qsl(asked.body.decode()) if asked.method == "POST" else ())
        dialect = self.dialect
        if asked.path == "/api/v1/apps" and self.slug == "mastodon":
            return self.register(form)
        if asked.path == dialect.authorize:
            return self.authorize(form)
        if asked.path == dialect.revoke and asked.method in ("POST", "DELETE"):
            return self.revoke(asked, form)
        grant = form.get("grant_type", "")
        if asked.path in (dialect.token, dialect.exchange, dialect.refresh) and grant:
            return self.token(asked, form, grant)
        if asked.path == "/oauth/.well-known/openid-configuration":
            return Reply(data=self.discovery())
        return self.profile(asked)

    def register(self, form: dict[str, str]) -> Reply:
        client_id = f"app-{len(self.clients) + 1}"
        self.clients[client_id] = self.make("secret")
        self.registered[client_id] = form["redirect_uris"]
        known = {
            "client_id": client_id,
            "client_secret": self.clients[client_id],
            "redirect_uri": form["redirect_uris"],
        }
        return Reply(data={"id": "1", "name": form["client_name"], **known})

    def authorize(self, form: dict[str, str]) -> Reply:
        client, redirect_uri = form.get(self.dialect.client_id, ""), form["redirect_uri"]
        if client not in self.clients:
            return Reply(400, {"error": "unknown client"})
        if self.registered.get(client, redirect_uri) != redirect_uri:
            return Reply(400, {"error": "this redirect_uri was not registered"})
        if form.get("response_type") != "code" or not form.get("state"):
            return Reply(400, {"error": "invalid_request"})
        if self.dialect.pkce and form.get("code_challenge_method") != "S256":
            return Reply(400, {"error": "a challenge is required"})
        if self.refuses:
            answer = {"error": self.refuses, "error_description": "in the network's own words", "state": form["state"]}
            return Reply(302, headers={"Location": f"{redirect_uri}?{urlencode(answer)}"})
        asked = [scope for scope in form.get("scope", "").split(self.dialect.between) if scope]
        code = self.make("code")
        self.codes[code] = {
            "client": client,
            "redirect_uri": redirect_uri,
            "scopes": [scope for scope in asked if scope not in self.declines],
            "challenge": form.get("code_challenge", ""),
            "offline": form.get("access_type") == "offline" or form.get("duration") == "permanent",
            "account": dict(self.account),
        }
        answer = {"code": code, "state": form["state"]}
        return Reply(302, headers={"Location": f"{redirect_uri}?{urlencode(answer)}"})

    def knows(self, asked: Asked, form: dict[str, str]) -> bool:
        """Whether the app has said who it is, where this network wants to hear it."""
        client, secret = form.get(self.dialect.client_id, ""), form.get("client_secret", "")
        if self.dialect.basic:
            said = base64.b64decode(asked.headers.get("authorization", "").removeprefix("Basic ")).decode()
            client, _, secret = said.partition(":")
        return client in self.clients and self.clients[client] == unquote(secret)

    def token(self, asked: Asked, form: dict[str, str], grant: str) -> Reply:
        meta = self.dialect.meta
        if grant == f"{meta}_refresh_token" and asked.path == self.dialect.refresh:
            old = self.access.get(form["access_token"])
            return self.long_lived(old) if old and old["long"] else self.gone()
        if not (grant == f"{meta}_exchange_token" and meta != "fb") and not self.knows(asked, form):
            return Reply(401, {"error": "invalid_client", "error_description": "who are you?"})
        if grant == f"{meta}_exchange_token":
            if form.get("client_secret") != CLIENT[1]:
                return Reply(400, {"error": {"message": "bad secret", "code": 1, "type": "OAuthException"}})
            old = self.access.get(form.get("fb_exchange_token") or form.get("access_token", ""))
            return self.long_lived(old) if old else self.gone()
        if grant == "refresh_token":
            self.while_refreshing()
            kept = self.refreshable.get(form.get("refresh_token", ""))
            if kept is None:
                return self.gone()
            self.refreshed += 1
            if self.dialect.rotates:
                del self.refreshable[form["refresh_token"]]
            return Reply(data=self.grant(kept, refresh=self.dialect.rotates))
        code = self.codes.pop(form.get("code", ""), None)
        if grant != "authorization_code" or code is None or code["redirect_uri"] != form.get("redirect_uri"):
            return self.gone()
        if code["challenge"]:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code["challenge"]:
                return self.gone()
        offline = code["offline"] or self.slug not in ("google", "reddit")
        if self.slug == "twitter":
            offline = "offline.access" in code["scopes"]
        return Reply(data=self.grant(code, refresh=self.dialect.refreshes and offline))

    def gone(self) -> Reply:
        if self.dialect.meta:
            return Reply(400, {"error": {"message": "The session is invalid", "type": "OAuthException", "code": 190}})
        if self.slug == "twitch":
            return Reply(400, {"status": 400, "message": "Invalid refresh token"})
        if self.slug == "reddit":
            return Reply(400, {"message": "Bad Request", "error": 400})
        return Reply(400, {"error": "invalid_grant", "error_description": "the token was used, or has lapsed"})

    def grant(self, kept: dict[str, Any], *, refresh: bool) -> dict[str, Any]:
        access = self.make("access-token")
        self.access[access] = {"scopes": kept["scopes"], "account": kept["account"], "long": False}
        answer: dict[str, Any] = {"access_token": access, "token_type": "bearer"}
        if self.dialect.lives is not None:
            answer["expires_in"] = self.dialect.lives
        if refresh:
            answer["refresh_token"] = self.make("refresh-token")
            self.refreshable[answer["refresh_token"]] = kept
        if self.slug == "instagram":
            return answer | {"user_id": kept["account"]["id"], "permissions": kept["scopes"]}
        if self.slug == "threads":
            return {"access_token": access, "user_id": kept["account"]["id"]}
        if self.slug == "twitch":
            answer["scope"] = kept["scopes"]
        elif self.slug not in ("facebook", "foursquare", "wikipedia"):
            answer["scope"] = self.dialect.between.join(kept["scopes"])
        if self.slug == "tiktok":
            answer |= {"open_id": kept["account"]["id"], "refresh_expires_in": 31536000}
        if self.slug in ("google", "linkedin") and "openid" in kept["scopes"]:
            answer["id_token"] = self.id_token(kept["account"])
        return answer

    def long_lived(self, old: dict[str, Any]) -> Reply:
        access = self.make("access-token")
        self.access[access] = old | {"long": True}
        return Reply(data={"access_token": access, "token_type": "bearer", "expires_in": 5184000})

    def issuer(self) -> str:
        return "https://accounts.google.com" if self.slug == "google" else "https://www.linkedin.com/oauth"

    def id_token(self, account: dict[str, Any]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer(), "aud": CLIENT[0], "sub": account["id"], "iat": now, "exp": now + 600}
        known = {key: account[key] for key in ("email", "email_verified", "name")}
        token = jwt.encode(claims | known, "a key of the network's own, not checked over TLS", algorithm="HS256")
        self.secrets.append(token)
        return token

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer(),
            "authorization_endpoint": "https://www.linkedin.com/oauth/v2/authorization",
            "token_endpoint": "https://www.linkedin.com/oauth/v2/accessToken",
            "userinfo_endpoint": "https://api.linkedin.com/v2/userinfo",
            "jwks_uri": "https://www.linkedin.com/oauth/openid/jwks",
        }

    def revoke(self, asked: Asked, form: dict[str, str]) -> Reply:
        token = form.get("token", "")
        if self.slug == "facebook":
            token = self.bearer(asked)
        elif self.slug == "github":
            said = base64.b64decode(asked.headers.get("authorization", "").removeprefix("Basic ")).decode()
            if said != ":".join(CLIENT):
                return Reply(401, {"message": "Bad credentials"})
            token = json.loads(asked.body)["access_token"]
        elif self.slug not in ("google", "twitch") and not self.knows(asked, form):
            return Reply(401, {"error": "invalid_client"})
        kept = self.refreshable.pop(token, None) or self.access.get(token)
        if kept is None and self.slug == "github":
            return Reply(404, {"message": "Not Found"})
        if kept is None:
            return self.gone()
        self.access = {key: value for key, value in self.access.items() if value["account"] != kept["account"]}
        if self.slug == "github":
            return Reply(204, body=b"")
        return Reply(data={"success": True} if self.slug == "facebook" else {})

    def bearer(self, asked: Asked) -> str:
        said = asked.headers.get("authorization", "")
        return said.partition(" ")[2] or asked.param("access_token") or asked.param("oauth_token")

    def profile(self, asked: Asked) -> Reply:
        kept = self.access.get(self.bearer(asked))
        if kept is None:
            return Reply(401, {"error": "invalid_token", "error_description": "The token is not valid"})
        if asked.path == "/v25.0/me/permissions":
            granted = [{"permission": name, "status": "granted"} for name in kept["scopes"]]
            declined = [{"permission": name, "status": "declined"} for name in sorted(self.declines)]
            return Reply(data={"data": [*granted, *declined]})
        known = self.profiles(kept["account"]).get(asked.path)
        return Reply(404, {"error": "not found", "message": "Not Found"}) if known is None else Reply(data=known)

    def profiles(self, account: dict[str, Any]) -> dict[str, Any]:
        """What each address says of the account, as far as a log-in and a first reading ask."""
        number, user, name = account["id"], account["username"], account["name"]
        if self.slug == "twitter":
            metrics = {"followers_count": 12, "following_count": 3, "tweet_count": 4, "listed_count": 1}
            one = {"id": number, "username": user, "name": name, "public_metrics": metrics}
            return {"/2/users/me": {"data": one}}
        if self.slug == "facebook":
            return {"/v25.0/me": {"id": number, "name": name, "email": account["email"]}}
        if self.slug == "linkedin":
            one = {"sub": number, "name": name, "email": account["email"], "email_verified": account["email_verified"]}
            return {"/v2/userinfo": one}
        if self.slug == "google":
            counts = {"subscriberCount": "12", "viewCount": "340", "videoCount": "5", "hiddenSubscriberCount": False}
            channel = {
                "kind": "youtube#channel",
                "id": "UC" + "a" * 21 + number[-1],
                "snippet": {"title": name, "customUrl": f"@{user.lower()}", "publishedAt": "2015-01-01T00:00:00Z"},
                "statistics": counts,
                "contentDetails": {"relatedPlaylists": {"uploads": "UU" + "a" * 22}},
            }
            return {"/youtube/v3/channels": {"items": [channel], "pageInfo": {"totalResults": 1}}}
        if self.slug in ("instagram", "threads"):
            one = {
                "id": number,
                "user_id": number,
                "username": user,
                "name": name,
                "followers_count": 12,
                "follows_count": 3,
                "media_count": 4,
            }
            counts = {"data": [{"name": "followers_count", "total_value": {"value": 12}}]}
            return dict.fromkeys(("/me", "/v25.0/me", "/v1.0/me"), one) | {"/v1.0/me/threads_insights": counts}
        if self.slug == "foursquare":
            one = {"id": number, "firstName": "Alice", "lastName": "Archer", "contact": {}, "friends": {"count": 7}}
            return {"/v2/users/self": {"meta": {"code": 200}, "response": {"user": one}}}
        if self.slug == "wikipedia":
            one = {"sub": number, "username": user, "editcount": 7, "blocked": False, "groups": ["*"]}
            here = {"id": int(number), "name": user, "registrationdate": "2015-01-01T00:00:00Z"}
            return {"/w/rest.php/oauth2/resource/profile": one, "/w/api.php": {"query": {"userinfo": here}}}
        if self.slug == "github":
            counts = {"followers": 12, "following": 3, "public_repos": 4}
            one = {"id": int(number), "login": user, "name": name, "created_at": "2015-01-01T00:00:00Z", **counts}
            return {"/user": one}
        if self.slug == "reddit":
            one = {"id": "abc", "name": user, "created_utc": 1420070400.0, "total_karma": 99, "link_karma": 90}
            return {"/api/v1/me": one}
        if self.slug == "twitch":
            one = {"id": number, "login": user.lower(), "display_name": user, "created_at": "2015-01-01T00:00:00Z"}
            return {"/helix/users": {"data": [one]}, "/helix/channels/followers": {"total": 12, "data": []}}
        if self.slug == "tiktok":
            one = {"open_id": number, "username": user, "display_name": name, "follower_count": 12, "likes_count": 3}
            return {"/v2/user/info/": {"data": {"user": one}, "error": {"code": "ok", "message": ""}}}
        counts = {"followers_count": 12, "following_count": 3, "statuses_count": 4}
        one = {"id": number, "username": user, "acct": user, "display_name": name, **counts}
        one |= {
            "url": f"{self.url}/@{user}",
            "uri": f"{self.url}/users/{user}",
            "created_at": "2020-01-01T00:00:00.000Z",
        }
        return {
            "/api/v1/accounts/verify_credentials": one,
            "/api/v2/instance": {"domain": self.host, "title": "A town square", "version": "4.5.0"},
        }
