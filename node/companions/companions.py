"""A member's side of the national profile.

1. What its signer co-signed is kept beside the act and sent to every member that is concerned.
2. What another member sends is kept if its SM2 signature is of that act by that member.
3. Where ``national_profile`` is set, nothing of another member is accepted before its
   co-signature is here and its certificate counts now: path, revocation, name and use.

A certificate counts under a root that stands in its member's profile, whose hash is on the ledger,
or that this member trusts for that member by its own ``trust`` directory.
"""

import logging
import time
from collections.abc import Callable

from sqlmodel import Session, col, select

from identity.acts.typed import Act, Domain, act_from_json, act_to_json, digest
from identity.certificates.certificate import read
from identity.certificates.errors import AuthorityUnavailable
from identity.certificates.path import CheckedCertificate
from identity.certificates.revocation import read_list
from identity.certificates.roots import Trust, TrustDirectory
from identity.companions.companion import Companion, check_companion
from identity.companions.errors import CompanionRefused
from identity.companions.profiled import roots_of
from identity.errors import IdentityError
from identity.signatures import sm2
from identity.signer.client import SignedAct
from identity.strict_json import read_json
from node.companions.errors import CompanionMissing, CompanionUnfit
from node.documents.deliveries import owe
from node.exchange.directory import Directory
from node.store.companions import CompanionRow
from node.store.documents import FOR_COMPANION
from node.store.projections import NOBODY, Member, Title
from privacy.canonical import canonical_json

# Lists that came with a member's other acts count too: its newest.
LISTS_LOOKED_AT = 8

_log = logging.getLogger("lading.companions")


class Companions:
    """The co-signatures that ``member`` has, makes and demands.

    Args:
        domain: the EIP-712 domain of a contract's acts.
        trust: this member's own trust directory.
        demanded: whether acts of others are accepted with a co-signature alone.
    """

    def __init__(
        self,
        member: str,
        domain: Callable[[str], Domain],
        directory: Directory,
        trust: TrustDirectory,
        demanded: bool,
    ) -> None:
        self._member = member
        self._domain = domain
        self._directory = directory
        self._trust = trust
        self._demanded = demanded

    def keep_own(self, session: Session, signed: SignedAct) -> None:
        """Keep what the signer co-signed, and owe it to every other member concerned."""
        if signed.companion is None:
            return
        companion = signed.companion.with_lists(self._own_lists(signed.companion))
        hashed = "0x" + signed.digest.hex()
        self._note(session, hashed, signed.act, companion)
        for member in sorted(_concerned(session, signed.act) - {self._member, NOBODY}):
            owe(session, hashed, member, FOR_COMPANION)

    def content(self, session: Session, digest_: str) -> bytes:
        """Return what is sent of an act's co-signature: the act and the companion, JSON."""
        row = session.get_one(CompanionRow, digest_)
        return canonical_json({"cosigned": 1, "act": row.act, "companion": row.companion})

    def take(self, content: bytes, digest_: str, sender: str) -> tuple[Act, Companion]:
        """Return act and companion that another member sent, if they are of its own.

        Whether its certificate counts is asked where the act is accepted, and not before.

        Raises: CompanionUnfit, CompanionMalformed, ActMalformed.
        """
        try:
            data = read_json(content)
        except ValueError as error:
            raise CompanionUnfit("The co-signature is not JSON.") from error
        if not isinstance(data, dict) or set(data) != {"cosigned", "act", "companion"}:
            raise CompanionUnfit("The co-signature has other fields.")
        act, companion = act_from_json(data["act"]), Companion.from_json(data["companion"])
        domain = self._domain(act.type.contract)
        if "0x" + digest(domain, act).hex() != digest_ or "0x" + act.principal.hex() != sender:
            raise CompanionUnfit("The act is another than it says, or another member's.")
        if act.fields["companion"] != companion.hash:
            raise CompanionUnfit("The act carries another companion.")
        try:
            key = read(companion.certificate).key
            bare = Act(act.name, {**act.fields, "companion": bytes(32)})
            user_id = companion.user_id.encode()
            sm2.verify(key.public, digest(domain, bare), companion.signature, user_id)
        except IdentityError as error:
            raise CompanionUnfit("The SM2 signature is not of the act.") from error
        return act, companion

    def note(self, session: Session, digest_: str, act: Act, companion: Companion) -> None:
        """Keep what ``take`` returned; the first that came is kept."""
        if session.get(CompanionRow, digest_) is None:
            self._note(session, digest_, act, companion)

    def require(self, session: Session, digest_: str) -> None:
        """Return if another member's act of this digest may be accepted here.

        Raises:
            CompanionMissing: this member demands a co-signature, and there is none.
            CompanionRefused: it does not count now.
            RevocationUnknown: no list in force says how its certificate stands.
        """
        if not self._demanded:
            return
        row = session.get(CompanionRow, digest_)
        if row is None:
            raise CompanionMissing("The act's SM2 co-signature is not here.", act=digest_)
        try:
            self.check(session, row, int(time.time()))
        except CompanionRefused as error:
            _log.warning(
                "a co-signature was refused: %s",
                error.reason,
                extra={"act": digest_, "member": row.member},
            )
            raise

    def check(self, session: Session, row: CompanionRow, at: int) -> CheckedCertificate:
        """Return the certificate of a kept co-signature, if it counts at ``at`` (UTC seconds).

        Raises: CompanionRefused, RevocationUnknown.
        """
        act, companion = act_from_json(row.act), Companion.from_json(row.companion)
        others = (Companion.from_json(o.companion) for o in self._others(session, row.member))
        lists = [read_list(each) for each in {each for other in others for each in other.lists}]
        domain = self._domain(act.type.contract)
        return check_companion(companion, act, domain, self._trust_for(row.member), at, lists)

    def _others(self, session: Session, member: str) -> list[CompanionRow]:
        newest = (
            select(CompanionRow)
            .where(CompanionRow.member == member)
            .order_by(col(CompanionRow.noted_at).desc())
            .limit(LISTS_LOOKED_AT)
        )
        return list(session.exec(newest))

    def _trust_for(self, member: str) -> Trust:
        own = self._trust.trust()
        vouched = [root for root in own.roots if root.member == member]
        return Trust([*vouched, *roots_of(self._directory.profile(member))], own.lists)

    def _own_lists(self, companion: Companion) -> list[bytes]:
        """Return this member's own lists of the authorities that its certificate is under."""
        names = {read(each).issuer for each in (companion.certificate, *companion.issuers)}
        try:
            held = self._trust.trust().lists
        except AuthorityUnavailable as error:
            # The act is signed. Receivers refuse it unless they have lists from elsewhere.
            _log.warning("a co-signature goes out without revocation lists: %s", error.message)
            return []
        return [each.der for each in held if each.issuer in names]

    def _note(self, session: Session, digest_: str, act: Act, companion: Companion) -> None:
        session.add(
            CompanionRow(
                digest=digest_,
                member="0x" + act.principal.hex(),
                act=act_to_json(act),
                companion=companion.to_json(),
                noted_at=int(time.time()),
            )
        )


def _concerned(session: Session, act: Act) -> set[str]:
    """Return the members that an act names, and those of the title that it changes."""
    words = {"0x" + value.hex() for value in act.fields.values() if isinstance(value, bytes)}
    members = set(session.exec(select(Member.id).where(col(Member.id).in_(words))))
    title = session.get(Title, "0x" + act.object.hex())
    if title is not None:
        parties = (title.carrier, title.holder, title.pledgee, title.controller)
        members |= {*parties, title.counterparty}
    return members
