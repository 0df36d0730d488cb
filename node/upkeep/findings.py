"""What ``lading doctor`` can find and what to do about it: one table, in the manual too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]

WHAT_TO_DO: Mapping[str, str] = {
    "DIRECTORY_OPEN": "chmod 0700 the member's directory; it belongs to the member's user alone.",
    "PATH_TOO_LONG": "Move the member's directory to a shorter path: a socket's name has a limit.",
    "SETTINGS_WRONG": "Correct the file that the sentence names; docs/operate.md says what it is.",
    "KEYSTORE_MISSING": "Put the key store back from a backup; without it keys must be replaced.",
    "KEYSTORE_OPEN": "chmod 0600 the key stores and tls/key.pem.",
    "AUTHORITY_FILE_MISSING": "Decide who may do what: lading authority init; docs/operate.md.",
    "AUTHORITY_FILE_UNAVAILABLE": "Put authority.json back, or install the next number of it.",
    "AUTHORITY_FILE_DIFFERS": "Run lading authority install again, with the signer's directory.",
    "CERTIFICATE_ENDS": "Make a new certificate and a new profile with both; docs/operate.md.",
    "CERTIFICATE_UNKNOWN": "Use the certificate that profile.json names, or set a new profile.",
    "TRUST_UNREADABLE": "Put the file that is damaged back, or take it out of trust.",
    "REVOCATION_LISTS_END": "Run lading ca crl, by a timer, or import the issuer's present list.",
    "NATIONAL_CERTIFICATE_ENDS": "Renew it: lading ca renew; without it the signer signs nothing.",
    "DISK_NEARLY_FULL": "Free space or add some; below 200 MB nothing more is taken.",
    "ENGINE_FILE_WRONG": "Put the file named back: lading network found, or join with the bundle.",
    "ENGINE_KEY_OTHER": "Put this organisation's own staking keys back; never use another's.",
    "ENGINE_VERSION_OTHER": "Build the engine at the founding's versions; all upgrade together.",
    "PORT_IN_USE": "End the process that listens there, or give the port in engine.json.",
    "OPEN_FILES_FEW": "Raise the hard limit: LimitNOFILE=32768 in the unit, or ulimit -Hn.",
    "DATABASE_UNREACHABLE": "Start the database, check its URL, password and max_connections.",
    "DATABASE_UNSAFE": "Set fsync and full_page_writes on, or an acknowledged write can be lost.",
    "DATABASE_DAMAGED": "PostgreSQL: try doctor --repair. Else stop the node, lading restore.",
    "DATABASE_OTHER_RELEASE": "Install the release that wrote these tables, or a later one.",
    "BROKER_UNREACHABLE": "Start Redis or correct redis_url; until then the part work does jobs.",
    "PART_STOPPED": "Start lading serve for the parts named; read its log when it ends again.",
    "SIGNER_SILENT": "Start lading sign with the signer's passphrase; acts wait meanwhile.",
    "LEDGER_SILENT": "Check ledger_url and the engine. Writes are accepted and wait.",
    "LEDGER_OTHER": "ledger_url leads to another ledger than network.json means: correct it.",
    "ALLOW_LIST_ADMIN": "The Admin must drop itself; if nobody knows why, tell the council.",
    "ALLOW_LIST_MANAGER": "Tell the council at once: only the genesis makes Managers.",
    "ALLOW_LIST_EXCEEDS": "An operator takes it off: lading network disallow. Ask who put it on.",
    "ALLOW_LIST_LACKS": "An operator puts it on: lading network allow. Until then it cannot relay.",
    "ALLOW_LIST_CHANGED": "Ask the operator who did it; then lading alarms --acknowledge, or act.",
    "RELAYER_POOR": "Ask an operator of the council for money: lading network allow sends some.",
    "BLOCKS_DIFFER": "Stop relying on this node; ask others which ledger is the network's.",
    "CODE_DIFFERS": "Stop relying on this node: its ledger node, or the other's, deceives.",
    "CROSS_CHECK_LACKS": "Ask others whether their nodes run; one node alone can be deceived.",
    "NOT_WATCHED": "Read could not look in the log; the engine must answer eth_getChainConfig and "
    "eth_getLogs.",
    "ENGINES_NOT_COMPARED": "Let lading serve run on both sides for some minutes, then look again.",
    "ENGINE_VERSIONS_DIFFER": "Agree on one release of the engine; upgrade one node at a time.",
    "ENGINE_CONFIGURED_OTHERWISE": "Agree on the values named, then restart one node at a time.",
    "ENGINE_TROUBLE": "Do what the sentence says; lading network status DIRECTORY shows the rest.",
    "TABLES_BEHIND": "Look whether the part follow runs and what its log says.",
    "WORK_STUCK": "Read the codes in lading status; lading doctor --repair tries the work at once.",
    "RELAY_STUCK": "Look whether the ledger makes blocks and takes this node's transactions.",
    "DELIVERY_STUCK": "Ask the peer named whether its node runs; deliveries go on by themselves.",
    "CLOCK_OFF": "Set the clock by NTP: peers refuse messages that are more than 30 s off.",
    "MEMBER_NOT_ACTIVE": "The council must admit the member, or end its suspension.",
    "PROFILE_NOT_HELD": "Ask the member named for its profile.json and put it into profiles.",
    "PEER_SILENT": "Ask the member named; check name, port, firewall and its certificate.",
    "VAULT_FILE_DAMAGED": "Put the files of these names back from a backup; they are not served.",
    "VAULT_FILE_MISSING": "Put the files of these names back from a backup.",
    "VAULT_FILE_UNUSED": "Nothing: a process died before it noted them. They may be removed.",
    "TABLES_DIFFER": "Nothing: they were rebuilt from the ledger. Find out who wrote into them.",
    "WORK_TRIED_AGAIN": "Nothing: work that had failed is due now. Look at lading status again.",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        code: the trouble that was looked for, of ``WHAT_TO_DO``.
        state: ok: there is none; warn: the node works, but look; fail: it does not work.
        sentence: what was found; names codes, ids, files and counts.
        what_to_do: empty when it is ok.
    """

    code: str
    state: State
    sentence: str
    what_to_do: str


def found(code: str, state: State, sentence: str) -> Finding:
    """Return a finding with its advice."""
    return Finding(code, state, sentence, "" if state == "ok" else WHAT_TO_DO[code])
