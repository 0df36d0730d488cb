"""What signing in works with, wired once a process: the sealing key, and the passwords' desk.

It keeps no state of anybody: that is in the tables, which every process reads at each request.
"""

from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from identity.people.passkeys import RelyingParty
from identity.people.sealing import NEVER, Box
from node.people.company import CompanyProvider
from node.people.desk import PasswordDesk
from node.settings import Company

PARTY_NAME = "Lading"


class People:
    """The desk at which people of this member sign in.

    Args:
        key: the member's envelope key; what is sealed here is sealed under a key derived from it.
        database_url: where the accounts are.
        company: the company's provider, where there is one.
    """

    def __init__(
        self, key: X25519PrivateKey, database_url: str, company: Company | None = None
    ) -> None:
        self.box = Box(key.private_bytes_raw())
        self.passwords = PasswordDesk(database_url, key.private_bytes_raw())
        self.company = None if company is None else CompanyProvider(company, self.box)

    def seal_second_factor(self, account: str, secret: bytes) -> bytes:
        """Return a second factor as the table keeps it."""
        return self.box.seal(_at_rest(account), secret)

    def open_second_factor(self, account: str, sealed: bytes) -> bytes:
        """Return a second factor from the table; raises NotAccepted, after a change of keys."""
        return self.box.open(_at_rest(account), sealed, NEVER - 1)

    def close(self) -> None:
        """End the processes of the passwords, and connections to the company's provider."""
        self.passwords.close()
        if self.company is not None:
            self.company.close()


def party_at(origin: str) -> RelyingParty:
    """Return the relying party of pages at ``origin``, scheme, host and port."""
    return RelyingParty(urlsplit(origin).hostname or "", origin, PARTY_NAME)


def _at_rest(account: str) -> str:
    return f"second factor {account}"
