"""Where webhooks may go: public https addresses, unless the settings allow any.

Whoever may make a webhook makes this node send requests, so an address that leads into the
member's own network would open it from within. The name is resolved here, every address that it
has must be public, and the request goes to one of those that were looked at: a name that answers
differently a moment later leads nowhere else.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from node.events.errors import TargetInvalid

MAX_URL_CHARACTERS = 2_000
_PORTS = {"https": 443, "http": 80}
# Addresses that carry another one inside; a gateway would take the request there.
_TUNNELS = tuple(
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Target:
    """Where one request goes: to ``url``, which names an address, for ``host``."""

    url: str
    host: str
    host_header: str


def check_form(url: str, anywhere: bool) -> None:
    """Refuse what no webhook's address can be, without asking anybody; raises TargetInvalid."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetInvalid("This is not an address.") from error
    wanted = ("https", "http") if anywhere else ("https",)
    plain = (
        url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL_CHARACTERS
    )
    if not plain or parts.scheme not in wanted or not parts.hostname or port == 0:
        raise TargetInvalid(f"A webhook's address begins with {' or '.join(wanted)}.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise TargetInvalid("A webhook's address has no user, password or fragment.")


def resolve(url: str, anywhere: bool) -> Target:
    """Return where a request to ``url`` goes now.

    Args:
        anywhere: whether addresses that are not public are allowed, and http.

    Raises:
        TargetInvalid: the address, or one that its name has, is not allowed; or it has none.
    """
    check_form(url, anywhere)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetInvalid("The address's name is not known.") from error
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not (anywhere or all(map(is_public, addresses))):
        raise TargetInvalid("The address leads into a network that is not public.")
    chosen = addresses[0]
    number = f"[{chosen}]" if chosen.version == 6 else str(chosen)
    query = f"?{parts.query}" if parts.query else ""
    return Target(f"{parts.scheme}://{number}:{port}{parts.path or '/'}{query}", host, parts.netloc)


def is_public(address: Address) -> bool:
    """Return whether anybody in the internet means the same host by this address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in tunnel for tunnel in _TUNNELS):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
