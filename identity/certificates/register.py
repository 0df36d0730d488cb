"""What an authority has issued and revoked, and the numbers of its lists: one JSON file."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from cryptography import x509

from identity.certificates.errors import AuthorityRefused, AuthorityUnavailable
from identity.certificates.naming import Subject, check_member
from identity.certificates.purposes import Kind
from identity.strict_json import read_json


@dataclass(frozen=True)
class Entry:
    """One certificate that was issued; ``valid_until`` in UTC seconds."""

    serial: int
    kind: Kind
    subject: Subject
    valid_until: int

    @property
    def file(self) -> str:
        """Where it lies in the authority's directory, in DER."""
        return f"issued/{self.serial:x}.der"


@dataclass(frozen=True)
class Revocation:
    """When, in UTC seconds, and why a certificate was revoked."""

    at: int
    reason: x509.ReasonFlags


class Register:
    """The authority's memory; ``to_json`` and ``read`` are each other's inverse."""

    def __init__(self, member: str, organisation: str, credit_code: str | None) -> None:
        self.member = check_member(member)
        self.organisation = organisation
        self.credit_code = credit_code
        self.issued: dict[int, Entry] = {}
        self.revoked: dict[int, Revocation] = {}
        self._numbers: dict[str, int] = {}

    @staticmethod
    def new(member: str, organisation: str, credit_code: str | None) -> "Register":
        """Return an empty one; raises AuthorityRefused for a member id of another form."""
        return Register(member, organisation, credit_code)

    def add(self, kind: Kind, subject: Subject, serial: int, valid_until: int) -> None:
        """Note a certificate."""
        self.issued[serial] = Entry(serial, kind, subject, valid_until)

    def find(self, serial: int) -> Entry:
        """Return what was issued under a number; raises AuthorityRefused."""
        if serial not in self.issued:
            raise AuthorityRefused("This authority issued no certificate of this number.")
        return self.issued[serial]

    def revoke(self, serial: int, reason: x509.ReasonFlags, at: int) -> None:
        """Note a revocation; raises AuthorityRefused when it was not issued, or is revoked."""
        self.find(serial)
        if serial in self.revoked:
            raise AuthorityRefused("The certificate is revoked already.")
        self.revoked[serial] = Revocation(at, reason)

    def next_list(self, tier: str) -> int:
        """Return the next number of a revocation list."""
        self._numbers[tier] = self._numbers.get(tier, 0) + 1
        return self._numbers[tier]

    def to_json(self) -> bytes:
        """Return the file's bytes; serial numbers in hex."""
        data = {
            "register": 1,
            "member": self.member,
            "organisation": self.organisation,
            "credit_code": self.credit_code,
            "lists": self._numbers,
            "issued": [
                {
                    "serial": f"{each.serial:x}",
                    "kind": each.kind,
                    "subject": asdict(each.subject),
                    "valid_until": each.valid_until,
                }
                for each in self.issued.values()
            ],
            "revoked": [
                {"serial": f"{serial:x}", "at": each.at, "reason": each.reason.value}
                for serial, each in self.revoked.items()
            ],
        }
        return json.dumps(data, indent=1, ensure_ascii=False).encode() + b"\n"

    @staticmethod
    def read(text: bytes) -> "Register":
        """Read what ``to_json`` wrote; raises AuthorityUnavailable."""
        try:
            data: dict[str, Any] = read_json(text)
            if data["register"] != 1:
                raise ValueError("another format")
            made = Register(data["member"], data["organisation"], data["credit_code"])
            made._numbers = {str(name): int(number) for name, number in data["lists"].items()}
            for each in data["issued"]:
                subject = Subject(each["subject"]["inside"], tuple(each["subject"]["hosts"]))
                made.add(Kind(each["kind"]), subject, int(each["serial"], 16), each["valid_until"])
            for each in data["revoked"]:
                made.revoked[int(each["serial"], 16)] = Revocation(
                    int(each["at"]), x509.ReasonFlags(each["reason"])
                )
        except (ValueError, KeyError, TypeError, AttributeError, AuthorityRefused) as error:
            raise AuthorityUnavailable("register.json is not of its format.") from error
        return made
