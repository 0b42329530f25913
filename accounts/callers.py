"""From where a request comes: its address, behind as many proxies as the settings trust, and the range it is in."""

from __future__ import annotations

import ipaddress

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

# A household or an office has one of these, as providers give them out.
IPV4_RANGE, IPV6_RANGE = 24, 48


def address_of(request: HttpRequest) -> str:
    """The caller's address as allauth's limits go by it (ALLAUTH_TRUSTED_PROXY_COUNT); "" where it is not known."""
    try:
        return str(get_adapter().get_client_ip(request))
    except (PermissionDenied, ImproperlyConfigured):
        return ""


def range_of(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one (or the former, wrapped in it); "" for no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    length = IPV4_RANGE if found.version == 4 else IPV6_RANGE
    return str(ipaddress.ip_network(f"{found}/{length}", strict=False))
