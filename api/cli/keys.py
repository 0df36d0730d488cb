"""Keys of a running member: make another one in its key store, to be registered over the API."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show

app = typer.Typer(no_args_is_help=True, help="The keys in a member's key stores.")
STORES = {"act": "signer.keys.json", "relay": "relay.keys.json", "witness": "node.keys.json"}


@app.command()
def add(
    directory: Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)],
    purpose: Annotated[str, typer.Argument(help="act, relay or witness.")],
    name: Annotated[str, typer.Argument(help="What the key is called in the store.")],
    as_json: AsJson = False,
) -> None:
    """Make a key beside those that are there, and say what POST /v1/keys registers it with.

    The process whose key store it is must be stopped: signer for act, node for the others. The
    store's passphrase comes from LADING_KEYSTORE_PASSPHRASE.
    """
    from identity.keys.keystore import Keystore, passphrase_from
    from identity.keys.kinds import KeyKind

    if purpose not in STORES:
        raise UsageInvalid(
            "PURPOSE_UNKNOWN", f"There are no {purpose} keys here.", "Use act, relay or witness."
        )
    store = Keystore.open(directory / STORES[purpose], passphrase_from(os.environ))
    entry = store.add(name, KeyKind.SECP256K1, purpose)
    show(_told(entry.name, purpose, entry.public), as_json, fields)


@app.command("list")
def list_keys(
    directory: Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """List the public halves of what the key stores hold; needs no passphrase."""
    import json

    found: list[dict[str, Any]] = []
    for path in sorted(directory.glob("*.keys.json")):
        for entry in json.loads(path.read_bytes())["entries"]:
            told = {name: entry[name] for name in ("name", "kind", "purpose")}
            found.append({"store": path.name, **told, "public": entry["public"][:40]})
    show(found, as_json, lambda rows: "\n".join(fields(row) + "\n" for row in rows))


def _told(name: str, purpose: str, address: bytes) -> dict[str, Any]:
    """The ledger's id of a secp256k1 key is its address, left-padded to 32 bytes."""
    return {"name": name, "purpose": purpose, "key": "0x" + address.rjust(32, b"\0").hex()}
