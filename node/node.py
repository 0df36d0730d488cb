"""One member's node: everything that its doors and its parts work with, wired once.

It opens nothing that listens and starts nothing that runs; node/serve.py does. Whoever opens a
node closes it.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from identity.authority.loader import Authority
from identity.certificates.roots import TrustDirectory
from identity.errors import ProfileMalformed
from identity.keys.keystore import Keystore, passphrase_from
from identity.profile.profile import Profile
from identity.signer.client import Signer
from node.approvals.holding import LAPSE, lapse
from node.chain.follower import Follower
from node.chain.network import Network, NetworkFile
from node.chain.rpc import Rpc
from node.chain.sender import Sender
from node.commands.handler import CommandHandler
from node.commands.numbering import NUMBER, number_bill
from node.commands.outcomes import apply_outcomes
from node.commands.signing import SIGN, SigningDesk
from node.commands.watching import Watch
from node.companions.companions import Companions
from node.documents.attachments import Attachments
from node.documents.keeping import ERASE, Retention, erase
from node.documents.rulebook import Rulebook, parse_rulebook, rulebook_hash
from node.documents.service import DocumentService
from node.documents.statutory import Statutory
from node.documents.streams import StreamVault
from node.documents.vault import Vault
from node.errors import SettingsInvalid
from node.events import mail
from node.events.messengers import Messengers
from node.events.sending import Secrets
from node.events.tail import Tail
from node.exchange.directory import Directory
from node.exchange.exchange import Exchange
from node.exchange.limits import Intake
from node.exchange.tls import TlsFiles
from node.jobs import Jobs, Worker
from node.oversight.overseer import Overseer
from node.people.people import People
from node.settings import Settings
from node.store.changes import Commits
from node.store.database import Database
from node.store.schema import upgrade

if TYPE_CHECKING:
    from node.broker import Dispatcher

# How long to wait for a ledger of which only the health is asked.
PROBE_SECONDS = 2.0

TASKS: Mapping[str, Callable[["Node", dict[str, Any]], None]] = {
    NUMBER: number_bill,
    ERASE: erase,
    LAPSE: lapse,
    mail.TASK: mail.send_notice,
}


class Node:
    """The node of the member whose settings these are.

    Args:
        environment: where the key store's passphrase comes from.

    Raises:
        SettingsInvalid: profile or rulebook are missing, or not those of member and network.
        NetworkMalformed, CouncilSignatureMissing: as for ``network.load``.
        WrongPassphrase, KeystoreUnavailable: the node's key store does not open.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
        self.settings = settings
        self._network_file = NetworkFile(settings.network_file)
        self.profile = _own_profile(settings)
        self.rulebook = _rulebook(settings, self.network.rulebook)
        self._passphrase = passphrase_from(environment)
        self.keys = Keystore.open(settings.keystore_file, self._passphrase)
        self.db = Database(settings.database_url)
        upgrade(self.db)
        self.rpc = Rpc(settings.ledger_url)
        self.authority = self.authority_of(settings)
        self.probe = Rpc(settings.ledger_url, PROBE_SECONDS)
        self.signer = Signer(settings.signer_socket)
        self.directory = Directory(settings.profiles_directory, self.db)
        envelope_key = self.keys.x25519_key("envelope")
        self.vault = Vault(settings.vault_directory, settings.member, envelope_key)
        self.retention = Retention(settings.retention_days)
        streams = StreamVault(settings.vault_directory)
        self.attachments = Attachments(settings.member, self.vault, streams)
        self.documents = DocumentService(settings.member, self.vault, self.directory, self.rulebook)
        self.statutory = Statutory(settings.member, self.vault, self.documents, self.rulebook)
        self.companions = Companions(
            settings.member,
            self.network.domain,
            self.directory,
            TrustDirectory(settings.directory / "trust"),
            settings.national_profile,
        )
        self.exchange = Exchange(
            self.profile,
            self.keys.ed25519_key("message"),
            envelope_key,
            TlsFiles(settings.tls_certificate, settings.tls_key),
            self.db,
            self.directory,
            self.documents,
            self.statutory,
            self.attachments,
            settings.vault_directory,
            Intake(settings.peer_daily_bytes, settings.peer_daily_messages),
            self.companions,
        )
        self.handler = CommandHandler(self)
        self.watch = Watch(self.db)
        self.commits = Commits(self.db)
        self.tail = Tail(self.db, self.commits)
        self.webhook_secrets = Secrets(settings.member, envelope_key)
        self.people = People(envelope_key, settings.database_url, settings.company)

    @staticmethod
    def authority_of(settings: Settings) -> Authority:
        """Return what says who may act for the member whose settings these are."""
        return Authority(
            settings.authority_file,
            settings.member,
            settings.authority,
            settings.authority_number,
        )

    @property
    def network(self) -> Network:
        """The network as the council has signed it last; another object once the file changes."""
        return self._network_file.current()

    @property
    def poll_seconds(self) -> float:
        """How often to ask the ledger for a new block."""
        return self.settings.poll_seconds or self.network.profile.poll_seconds

    def follower(self) -> Follower:
        """Return what projects the ledger into tables and stream; commands' ends are its hook."""
        return Follower(self.rpc, self.db, self.network, [apply_outcomes], stream=True)

    def sender(self) -> Sender:
        """Return what relays; it alone opens the relay keys' store, and uses all of its keys.

        Raises: WrongPassphrase, KeystoreUnavailable.
        """
        store = Keystore.open(self.settings.relay_keystore_file, self._passphrase)
        names = [entry.name for entry in store.entries() if entry.purpose == "relay"]
        keys = {name: store.signing_key(name) for name in names}
        return Sender(self.rpc, self.db, self.network, keys, settle_seconds=self.poll_seconds)

    def worker(self) -> "Worker | Dispatcher":
        """Return what does the outbox's work, or hands it to Celery; but for signing."""
        worker = Worker(self.db, self.jobs(), elsewhere=(SIGN,))
        if self.settings.jobs == "celery":
            # Celery takes 0.3 s to load, for which nobody else should wait.
            from node.broker import Dispatcher, celery_queue  # noqa: PLC0415

            queue = celery_queue(self.settings)
            return Dispatcher(self.db, queue, worker, elsewhere=(SIGN,))
        return worker

    def jobs(self) -> Jobs:
        """Return what attempts one row of the outbox."""
        tasks = {kind: partial(task, self) for kind, task in TASKS.items()}
        return Jobs(self.db, tasks, claims=self.settings.jobs == "celery")

    def signing_desk(self) -> SigningDesk:
        """Return what has accepted commands signed."""
        return SigningDesk(self)

    def messengers(self) -> Messengers:
        """Return what brings events to webhooks and notices to people."""
        return Messengers(self)

    def overseer(self) -> Overseer:
        """Return what watches the engine's lists and compares the ledger with others'."""
        return Overseer(self)

    def close(self) -> None:
        """Close connections to peers, ledger and database."""
        self.people.close()
        self.tail.close()
        self.commits.close()
        self.handler.close()
        self.exchange.close()
        self.rpc.close()
        self.probe.close()
        self.db.close()


def _own_profile(settings: Settings) -> Profile:
    try:
        profile = Profile.parse(settings.profile_file.read_bytes())
    except (OSError, ProfileMalformed) as error:
        raise SettingsInvalid("profile.json cannot be read as a profile.") from error
    if profile.member != settings.member_bytes:
        raise SettingsInvalid("profile.json is another member's.")
    return profile


def _rulebook(settings: Settings, in_force: str) -> Rulebook:
    try:
        rulebook = parse_rulebook(settings.rulebook_file.read_bytes())
    except OSError as error:
        raise SettingsInvalid("rulebook.json cannot be read.") from error
    if "0x" + rulebook_hash(rulebook).hex() != in_force:
        raise SettingsInvalid("rulebook.json is not the rulebook that network.json names.")
    return rulebook
