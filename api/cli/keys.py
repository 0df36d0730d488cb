"""Keys of a running member: make another one in its key store, to be registered over the API."""

import json
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
    store's passphrase comes from LADING_KEYSTORE_PASSPHRASE. Where signer.json names a PKCS#11
    token, an act key is made there; its PIN comes from LADING_TOKEN_PIN.
    """
    if purpose not in STORES:
        raise UsageInvalid(
            "PURPOSE_UNKNOWN", f"There are no {purpose} keys here.", "Use act, relay or witness."
        )
    address = _in_token(directory, name) if purpose == "act" else None
    if address is None:
        from identity.keys.keystore import Keystore, passphrase_from
        from identity.keys.kinds import KeyKind

        store = Keystore.open(directory / STORES[purpose], passphrase_from(os.environ))
        address = store.add(name, KeyKind.SECP256K1, purpose).public
    show(_told(name, purpose, address), as_json, fields)


@app.command()
def rotate(
    directory: Annotated[Path, typer.Argument(help="The signer's directory.", file_okay=False)],
    name: Annotated[str, typer.Argument(help="The new act key, made and registered before.")],
    at: Annotated[str, typer.Option(help="From when on, as 2027-06-30T00:00 (UTC).")],
    as_json: AsJson = False,
) -> None:
    """Let another act key sign from a moment on; those before go on until then.

    Start the signer once before that moment. Revoke the old key when nothing signed with it waits.
    """
    from datetime import UTC, datetime

    from identity.signer.settings import SignerSettings
    from node.member import write_json

    try:
        begins = int(datetime.strptime(at, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise UsageInvalid(
            "TIME_UNKNOWN", f"{at} is no time.", "Write it as 2027-06-30T00:00, in UTC."
        ) from error
    known = [key for key in SignerSettings.load(directory).act_keys if key[0] != name]
    path = directory / "signer.json"
    given = json.loads(path.read_bytes())
    given.pop("act_key", None)
    rows = [{"name": one, "from": since} for one, since in [*known, (name, begins)]]
    write_json(path, {**given, "act_keys": rows})
    show({"act_keys": rows}, as_json, fields)


@app.command("list")
def list_keys(
    directory: Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """List the public halves of what the key stores hold; needs no passphrase."""
    found: list[dict[str, Any]] = []
    for path in sorted(directory.glob("*.keys.json")):
        for entry in json.loads(path.read_bytes())["entries"]:
            told = {name: entry[name] for name in ("name", "kind", "purpose")}
            found.append({"store": path.name, **told, "public": entry["public"][:40]})
    show(found, as_json, lambda rows: "\n".join(fields(row) + "\n" for row in rows))


def _in_token(directory: Path, name: str) -> bytes | None:
    """Make the key in the token that signer.json names; None where it names none."""
    given = json.loads((directory / "signer.json").read_bytes()).get("pkcs11")
    if given is None:
        return None
    from identity.keys.token import PIN_VARIABLE, Token

    token = Token(Path(given["library"]), given["token"], os.environ.get(PIN_VARIABLE, ""), True)
    try:
        return token.add(name)
    finally:
        token.close()


def _told(name: str, purpose: str, address: bytes) -> dict[str, Any]:
    """The ledger's id of a secp256k1 key is its address, left-padded to 32 bytes."""
    return {"name": name, "purpose": purpose, "key": "0x" + address.rjust(32, b"\0").hex()}
