"""Where a page's request came from: the pages' own origin, and the address of who asks.

A browser sends its cookies to this host with whatever another site made it send; the ``Origin``
header says whose page it was. A name that an attacker's DNS leads to this machine is neither
``public_url`` nor a name of loopback, and so no origin of ours.
"""

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from node.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")
COOKIE = "lading_session"
HOST_COOKIE = "__Host-lading_session"
"""Over TLS: a browser takes it from this host alone, and sends it over TLS alone."""


def own_origin(request: Request, settings: Settings) -> str | None:
    """Return the origin of the pages as this request's browser sees them; None if not ours.

    ``public_url`` for its host, also behind a proxy that keeps the Host header; plain http for a
    name of loopback.
    """
    host = request.headers.get("host", "").lower()
    public = settings.public_url
    if public is not None and host == urlsplit(public).netloc:
        return public
    return f"http://{host}" if _name_of(host) in LOOPBACK else None


def is_from_own_page(request: Request, settings: Settings) -> bool:
    """Say whether a page of this member sent this form, and no other site's."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    return origin in (settings.public_url, own_origin(request, settings))


def is_secure(request: Request, settings: Settings) -> bool:
    """Say whether the browser speaks TLS to these pages."""
    origin = own_origin(request, settings)
    return origin is not None and origin.startswith("https:")


def cookie_name(request: Request, settings: Settings) -> str:
    """Return the name that the session's cookie has for this browser."""
    return HOST_COOKIE if is_secure(request, settings) else COOKIE


def address_of(request: Request, settings: Settings) -> str:
    """Return the address that failures are counted by: an IPv4 address, or an IPv6 /64.

    What a proxy named in ``proxies`` says of its caller is believed, nobody else's word is.
    """
    peer = request.client.host if request.client else ""
    if peer in settings.proxies:
        said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        peer = said or peer
    try:
        address = ip_address(peer)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64)) + "/64"


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
