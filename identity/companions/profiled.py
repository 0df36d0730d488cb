"""The certificate authorities for acts that a member's profile names."""

from identity.certificates.certificate import read
from identity.certificates.purposes import Purpose
from identity.certificates.roots import Root
from identity.errors import IdentityError
from identity.profile.profile import Profile


def roots_of(profile: Profile) -> list[Root]:
    """Return the roots for acts that stand in a member's profile; others there are left out."""
    found = []
    for der in profile.certificate_authorities:
        try:
            certificate = read(der)
            rooted = certificate.issuer == certificate.subject and certificate.extensions.authority
        except IdentityError:
            continue
        if rooted:
            purposes = frozenset({Purpose.ACTS, Purpose.ENCRYPTION})
            found.append(Root(certificate, "0x" + profile.member.hex(), purposes))
    return found
