"""Connections for `http` that go to public addresses alone and end in time, however the other side behaves."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Iterable
from ssl import SSLContext
from typing import Any

import httpcore2

from accounts.networks.base import Unreachable

Resolve = Callable[[str, int], list[str]]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All of IPv6 that has ever been given out; "global" leaves room for old and local ways to wrap an IPv4 address.
_GIVEN_OUT = ipaddress.ip_network("2000::/3")


class AddressRefused(Unreachable):
    """The address is one that we do not call: private, without TLS, or none at all."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host`, as the system knows them. Raises OSError."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where it is wrapped in IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if inner:
            return is_public(str(inner))
        if ip not in _GIVEN_OUT:
            return False
    return ip.is_global and not ip.is_multicast


def is_listed(host: str, port: int, hosts: Collection[str]) -> bool:
    """Whether `hosts` names the host, alone or as host:port."""
    return host.lower() in hosts or f"{host}:{port}".lower() in hosts


class Deadline:
    """When all reading and writing ends; a time-out of each read alone would let a slow drip go on for ever."""

    def __init__(self) -> None:
        self._ends = float("inf")

    def start(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def within(self, timeout: float | None) -> float:
        """`timeout`, or what is left where that is less."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time is over")
        return left if timeout is None else min(timeout, left)


class Guarded(httpcore2.NetworkBackend):
    """Connects to the very address that was checked: a name that changes its address in between gains nothing."""

    def __init__(self, resolve: Resolve, private_hosts: Collection[str], deadline: Deadline) -> None:
        self._inner = httpcore2.SyncBackend()
        self._resolve = resolve
        self._private_hosts = private_hosts
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failed: Exception = httpcore2.ConnectError("no address")
        # Four are enough to find one that answers, in either version of IP.
        for address in self._addresses(host, port)[:4]:
            try:
                within = self._deadline.within(timeout)
                stream = self._inner.connect_tcp(address, port, within, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
            else:
                return _Timed(stream, self._deadline)
        raise failed

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        raise AddressRefused("a socket of this machine is no network")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise Unreachable(f"{host} stands for no address") from None
        if not is_listed(host, port, self._private_hosts) and not all(is_public(address) for address in found):
            raise AddressRefused(f"{host} is at a private address; NETWORK_PRIVATE_HOSTS lists which may be called")
        return found


class _Timed(httpcore2.NetworkStream):
    """A stream whose every step must end by the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        within = self._deadline.within(timeout)
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, within), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
