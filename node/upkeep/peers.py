"""Whether other members' nodes answer, and how far their clocks are from this one's.

Nothing is signed and no key is opened: whatever a peers listener answers over its pinned
connection says the hour (the Date field, RFC 9110 section 6.6.1), to the second.
"""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from statistics import median_low

import httpx

from identity.profile.profile import Profile
from node.exchange.tls import TlsFiles, client_context, peer_client
from node.upkeep.findings import Finding, State, found

ANSWER_SECONDS = 3.0
CLOCK_SECONDS = 30
JUDGES = 3
AT_ONCE = 32


def peers(tls: TlsFiles, profiles: Mapping[str, Profile]) -> Iterator[Finding]:
    """Say of each member whether its node answers; of this clock, whether most others agree.

    Args:
        profiles: by member, this one's not among them.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda profile: _seconds_apart(tls, profile), profiles.values()))
    apart = {}
    for (member, profile), answer in zip(profiles.items(), answers, strict=True):
        if isinstance(answer, str):
            said = f"{member} at {profile.peers_url} does not answer: {answer}."
            yield found("PEER_SILENT", "warn", said)
            continue
        yield found("PEER_SILENT", "ok", f"{member} answers at {profile.peers_url}.")
        if answer is not None:
            apart[member] = answer
    if apart:
        yield _clock(apart)


def _clock(apart: Mapping[str, int]) -> Finding:
    """Blame this clock when the middle one of several others is far from it.

    Of fewer than ``JUDGES`` one that is off would decide, and keep this node from starting.
    """
    middle = median_low(apart.values())
    wrong = [member for member, seconds in apart.items() if abs(seconds) > CLOCK_SECONDS]
    own = abs(middle) > CLOCK_SECONDS and len(apart) >= JUDGES
    state: State = "fail" if own else "warn" if wrong else "ok"
    said = f"The middle one of {len(apart)} other members' clocks is {middle} s ahead of this one."
    if state == "warn":
        said += f" Far from this one are those of {', '.join(wrong)}: ask them."
    return found("CLOCK_OFF", state, said)


def _seconds_apart(tls: TlsFiles, profile: Profile) -> int | str | None:
    """Return how far ahead a member's clock is; None when none is told; a word for no answer."""
    try:
        with (
            peer_client(client_context(tls, profile.tls_certificates)) as client,
            client.stream("GET", profile.peers_url, timeout=ANSWER_SECONDS) as answer,
        ):
            date = answer.headers.get("Date", "")
    except (httpx.HTTPError, OSError, ValueError) as error:  # ValueError: a profile's certificates
        return type(error).__name__
    try:
        return int(parsedate_to_datetime(date).timestamp() - time.time())
    except ValueError:
        return None
