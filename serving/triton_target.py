"""Where Triton listens, as a setting says it: one address, several, or a name that stands for several."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

ALLOWED = "allowed are host:port, several IPv4 addresses as 10.0.0.1:8001,10.0.0.2:8001, or dns:///name:port"

_DNS = "dns:///"
_NAME = re.compile(r"(?=.{1,253}$)(?![\d.]+$)\w([\w-]{0,61}\w)?(\.\w([\w-]{0,61}\w)?)*", re.ASCII)


def checked_target(text: str) -> str:
    """The target without spaces around its addresses.

    Raises:
        ValueError: it is nothing that gRPC would find Triton at; all addresses that are none are told.
    """
    addresses = [address.strip() for address in text.split(",")]
    problems = [
        f"{address!r}: {problem}" for address in addresses if (problem := _problem(address, len(addresses) > 1))
    ]
    if problems:
        raise ValueError(f"{'; '.join(problems)}; {ALLOWED}")
    return ",".join(addresses)


def _problem(address: str, one_of_several: bool) -> str | None:
    host, _, port = address.removeprefix(_DNS).rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        return "has no port from 1 to 65535 at its end"
    if _is_ipv4(host) and not address.startswith(_DNS):
        return None
    if one_of_several:
        return "is no IPv4 address, which each of several must be"
    return None if _NAME.fullmatch(host) or _is_ipv6(host) else "is no address"


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return host.startswith("[") and host.endswith("]")
