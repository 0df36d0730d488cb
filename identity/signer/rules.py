"""What the signer refuses; without I/O."""

from identity.acts.typed import Act
from identity.errors import ExpiryRefused, PrincipalRefused, RateExceeded, VerbRefused
from identity.signer.settings import SignerSettings


def check(settings: SignerSettings, act: Act, now: int) -> None:
    """Return if the signer may sign ``act`` at ``now`` (UTC seconds).

    Raises:
        PrincipalRefused: another member's act.
        VerbRefused: a verb not in the signer's list; lane and council acts never are.
        ExpiryRefused: expired, or open for longer than the bound.
    """
    if act.principal != settings.member:
        raise PrincipalRefused("The act's principal is another member.")
    if act.name not in settings.verbs:
        raise VerbRefused(f"This signer does not sign {act.name}.", verb=act.name)
    if act.type.contract not in settings.domains:
        raise VerbRefused(f"network.json names no {act.type.contract} contract.", verb=act.name)
    latest = now + settings.max_ttl_seconds
    if not now < act.expires <= latest:
        when = "has expired" if act.expires <= now else "stays open too long"
        raise ExpiryRefused(f"The act {when}.", expires=act.expires, now=now, latest=latest)


class TokenBucket:
    """A bound on signatures: ``burst`` at once, ``rate_per_second`` for long.

    Times are seconds of a clock that never goes back.
    """

    def __init__(self, rate_per_second: float, burst: int, now: float) -> None:
        self._rate = rate_per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float) -> None:
        """Take one; raises RateExceeded when there is none."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            wait = (1 - self._tokens) / self._rate
            raise RateExceeded("Too many signatures at once.", retry_after_seconds=round(wait, 3))
        self._tokens -= 1
