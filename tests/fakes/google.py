"""The YouTube Data API, version 3, on 127.0.0.1, for one channel.

Written by hand after developers.google.com/youtube/v3/docs (channels, playlistItems, videos, commentThreads,
subscriptions, errors, quota). Nothing here was recorded from a live server.
"""

from datetime import datetime
from typing import Any

from tests.fakes.loopback import Asked, Loopback, Reply

TOKEN = "ya29.token-of-alice-that-nobody-may-see"
CHANNEL = "UC" + "a" * 22


def channel_id(number: int) -> str:
    return f"UC{number:022d}"


def video_id(number: int) -> str:
    return f"v{number:010d}"


def at(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


class FakeGoogle(Loopback):
    """Alice's channel; uploads and threads newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: {"https://www.googleapis.com/auth/youtube.readonly"}}
        self.channels: list[Any] = [
            {
                "kind": "youtube#channel",
                "id": CHANNEL,
                "snippet": {
                    "title": "Alice builds kites",
                    "description": "Every week a kite",
                    "customUrl": "@alicekites",
                    "publishedAt": "2014-05-06T07:08:09Z",
                },
                "statistics": {
                    "viewCount": "123456",
                    "subscriberCount": "789",
                    "hiddenSubscriberCount": False,
                    "videoCount": "12",
                },
                "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": "UU" + "a" * 22}},
            }
        ]
        self.uploads: list[Any] = []
        self.videos: dict[str, Any] = {}
        self.threads: list[Any] = []
        self.subscribers: list[Any] = []
        self.quota = 10_000
        self.comments_off = False

    def video(self, number: int, time: datetime, **statistics: Any) -> dict[str, Any]:
        name = video_id(number)
        given = {"viewCount": "1000", "likeCount": "50", "favoriteCount": "0", "commentCount": "5", **statistics}
        self.videos[name] = {"kind": "youtube#video", "id": name, "statistics": given}
        details = {"videoId": name, "videoPublishedAt": at(time)}
        self.uploads.insert(0, {"kind": "youtube#playlistItem", "id": f"item{number}", "contentDetails": details})
        return self.videos[name]

    def comment(self, number: int, person: int, time: datetime, **changes: Any) -> dict[str, Any]:
        snippet = {
            "authorDisplayName": f"@person{person}",
            "authorChannelId": {"value": channel_id(person)},
            "textDisplay": "How did you do that?",
            "publishedAt": at(time),
            **changes,
        }
        return {"kind": "youtube#comment", "id": f"Ugx{number:08d}AaABAg", "snippet": snippet}

    def thread(self, number: int, person: int, time: datetime, **changes: Any) -> dict[str, Any]:
        """Add a comment on the first video; its snippet may be spoilt by `changes`."""
        first = self.comment(number, person, time, **changes)
        snippet = {"channelId": CHANNEL, "videoId": video_id(1), "topLevelComment": first, "totalReplyCount": 0}
        item = {"kind": "youtube#commentThread", "id": first["id"], "snippet": snippet}
        self.threads.insert(0, item)
        return item

    def subscriber(self, person: int, time: datetime) -> dict[str, Any]:
        item = {
            "id": f"sub{person}",
            "snippet": {"publishedAt": at(time), "channelId": channel_id(person)},
            "subscriberSnippet": {"title": f"Person {person}", "channelId": channel_id(person)},
        }
        self.subscribers.append(item)
        return item

    def refuse(self, code: int, reason: str, message: str = "No.") -> Reply:
        errors = [{"message": message, "domain": "youtube.quota", "reason": reason}]
        return Reply(code, {"error": {"code": code, "message": message, "errors": errors}})

    def route(self, asked: Asked) -> Reply:
        scopes = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return self.refuse(401, "authError", "Request had invalid authentication credentials.")
        if not scopes:
            details = [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
            ]
            error = {"code": 403, "message": "Request had insufficient scopes.", "status": "PERMISSION_DENIED"}
            return Reply(403, {"error": {**error, "details": details}})
        self.quota -= 1
        if self.quota < 0:
            said = 'The request cannot be completed because you have exceeded your <a href="/youtube">quota</a>.'
            return self.refuse(403, "quotaExceeded", said)
        path = asked.path.removeprefix("/youtube/v3")
        if not asked.param("part"):
            return self.refuse(400, "missingRequiredParameter")
        if path == "/channels" and asked.param("mine") == "true":
            # A list of nothing has no items at all.
            return self._page(asked, self.channels) if self.channels else Reply(data={"pageInfo": {"totalResults": 0}})
        if path == "/playlistItems":
            return self._page(asked, self.uploads) if self.uploads else self.refuse(404, "playlistNotFound")
        if path == "/videos":
            names = asked.param("id").split(",")
            if len(names) > 50:
                return self.refuse(400, "invalidFilters")
            return self._page(asked, [self.videos[name] for name in names if name in self.videos])
        if path == "/commentThreads" and asked.param("allThreadsRelatedToChannelId") == CHANNEL:
            if self.comments_off:
                return self.refuse(
                    403, "commentsDisabled", "One or more of the requested comment threads cannot be seen"
                )
            return self._page(asked, self.threads, 100)
        if path == "/subscriptions" and asked.param("mySubscribers") == "true":
            return self._page(asked, self.subscribers)
        return self.refuse(404, "notFound")

    def _page(self, asked: Asked, items: list[Any], most: int = 50) -> Reply:
        size, token = min(int(asked.param("maxResults", "50")), most), asked.param("pageToken", "CAA0")
        if not token.startswith("CAA"):
            return self.refuse(400, "invalidPageToken", "The request specifies an invalid page token.")
        start = int(token.removeprefix("CAA"))
        data: dict[str, Any] = {"pageInfo": {"totalResults": len(items)}, "items": items[start : start + size]}
        if start + size < len(items):
            data["nextPageToken"] = f"CAA{start + size}"
        return Reply(data=data)
