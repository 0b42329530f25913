"""A server on 127.0.0.1 that plays a network: routes, a log of what was asked, and faults on demand.

Written by hand after the networks' public documents; nothing here was recorded from a live server.
"""

import json
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    """A request as it arrived."""

    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    method: str = "GET"
    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.params if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.params if key == name]


@dataclass
class Reply:
    """What goes back; `data` as JSON, or `body` as it is. `delay`: seconds before it.

    `drip`: seconds between the single bytes of a header that takes its time.
    """

    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0
    drip: float = 0.0
    hang_up: bool = False


class Loopback(ABC):
    """Subclasses answer in `route`; `faults` are used up first, one for each request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.faults: deque[Reply | Callable[[Asked], Reply | None]] = deque()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body go out apart; waiting to send them together would cost 40 ms each.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                asked = Asked(parts.path, parse_qsl(parts.query), headers, self.command, body)
                fake.asked.append(asked)
                reply = None
                if fake.faults:
                    fault = fake.faults.popleft()
                    reply = fault(asked) if callable(fault) else fault
                fake.send(self, reply or fake.route(asked))

            do_POST = do_DELETE = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, address: object) -> None:
                # A caller that hangs up, or will not trust us, is what some tests are about.
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @abstractmethod
    def route(self, asked: Asked) -> Reply:
        """What the network answers."""

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        time.sleep(reply.delay)
        if reply.hang_up:
            handler.close_connection = True
            return
        body = reply.body if reply.body is not None else json.dumps(reply.data).encode()
        try:
            handler.send_response(reply.status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", **reply.headers}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.flush_headers()
            if reply.drip:
                for byte in b"X-Slow: and so on, byte by byte":
                    handler.wfile.write(bytes([byte]))
                    handler.wfile.flush()
                    time.sleep(reply.drip)
                handler.wfile.write(b"\r\n")
            handler.end_headers()
            handler.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            # The caller had enough.
            handler.close_connection = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
