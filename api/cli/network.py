"""The shared ledger's engine: an organisation's keys, the founding, its validator, who may write.

Passphrases of engine.keys.json come from LADING_KEYSTORE_PASSPHRASE.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show, table, working

app = typer.Typer(no_args_is_help=True, help="The shared ledger's engine, an Avalanche network.")

Directory = Annotated[
    Path, typer.Argument(help="The organisation's directory, or its engine's.", file_okay=False)
]
Home = Annotated[Path, typer.Argument(help="The organisation's directory.", file_okay=False)]
File = Annotated[Path, typer.Argument(help="The draft's file.", dir_okay=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before signing.")]


@app.command()
def keys(
    directory: Home,
    name: Annotated[str, typer.Option(help="Its short name, unique in the network.")],
    host: Annotated[str, typer.Option(help="The IP address at which other validators reach it.")],
    peers_port: Annotated[int, typer.Option(min=1, max=65535)] = 9651,
    rpc_port: Annotated[int, typer.Option(min=1, max=65535)] = 9650,
    rpc_host: Annotated[str, typer.Option(help="What the RPC is bound to.")] = "127.0.0.1",
    founding_key: Annotated[
        bool, typer.Option("--founding-key", help="Also hold the founding key; one founder does.")
    ] = False,
    member: Annotated[str | None, typer.Option(help="Its id in Membership, if it has one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an organisation's engine directory; public.json in it goes to the other founders."""
    from identity.keys.keystore import passphrase_from
    from node.engine.organisation import make_keys

    made = make_keys(
        directory, name, host, (rpc_port, peers_port), passphrase_from(os.environ), rpc_host,
        founding_key, member,
    )  # fmt: skip
    half = made.public
    told = {"public": str(made.directory / "public.json"), "node_id": half.node_id}
    show(told | {"council": half.council, "operator": half.operator}, as_json, fields)


@app.command()
def gather(
    target: Annotated[Path, typer.Argument(help="The founding's file, not there yet.")],
    public: Annotated[list[Path], typer.Argument(help="Every founder's public.json.")],
    threshold: Annotated[int, typer.Option(help="Council keys that a transaction needs.", min=2)],
    chain_id: Annotated[int | None, typer.Option(help="Of the EVM chain.", min=1)] = None,
    granite: Annotated[bool, typer.Option(help="Upstream's path; off only to measure.")] = True,
    as_json: AsJson = False,
) -> None:
    """Write founding.json of the founders' public halves; all use one and the same file."""
    from node.engine import founding as foundings
    from node.engine.organisation import PublicHalf
    from node.engine.programs import Programs
    from node.member import write_json

    if target.exists():
        raise UsageInvalid("FILE_EXISTS", f"{target} exists.", "Name another file.")
    founding = foundings.gather(
        [PublicHalf.read(_json(path)) for path in public],
        threshold,
        Programs.found().versions(),
        chain_id or foundings.DEFAULT_CHAIN_ID,
        granite,
    )
    write_json(target, founding.to_json())
    told = {"file": str(target), "network_id": founding.network_id, "chain_id": founding.chain_id}
    show(told | {"council": f"{threshold} of {len(public)}"}, as_json, fields)


@app.command()
def found(
    directory: Directory,
    founding: Annotated[Path, typer.Argument(help="founding.json.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Render what all founders have in common, and this validator's own files.

    Compare the hashes with the other founders'; the same founding gives the same bytes. Then start.
    """
    from node.engine.configuration import prepare
    from node.engine.founding import load_founding
    from node.engine.organisation import Organisation

    show(prepare(Organisation.of(directory), load_founding(founding)), as_json, fields)


@app.command()
def treasury(directory: Directory, as_json: AsJson = False) -> None:
    """Move all that the founding key has to the council; the first transaction of a network."""
    from identity.keys.keystore import passphrase_from
    from node.engine import council

    organisation = _organisation(directory)
    done = council.fund_treasury(organisation, passphrase_from(os.environ), _founding(organisation))
    show({"transaction": done}, as_json, fields)


@app.command()
def draft(
    directory: Directory,
    kind: Annotated[str, typer.Argument(help="subnet, chain, admit or remove.")],
    target: Annotated[Path, typer.Argument(help="The draft's file, not there yet.")],
    signer: Annotated[
        list[str], typer.Option(help="Name of a founder that will sign; as many as it takes.")
    ],
    subnet: Annotated[str | None, typer.Option(help="For chain: the subnet's id.")] = None,
    public: Annotated[
        Path | None, typer.Option(help="For admit: the newcomer's public.json.", dir_okay=False)
    ] = None,
    node: Annotated[str | None, typer.Option(help="For remove: the validator's node id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Build transactions for the council to sign: nothing is signed, nothing is sent."""
    from api.cli.network_drafts import drafted

    made = drafted(_organisation(directory), kind, signer, subnet, public, node)
    if target.exists():
        raise UsageInvalid("FILE_EXISTS", f"{target} exists.", "Name another file.")
    made.save(target)
    show(_told(target, made), as_json, _draft)


@app.command()
def sign(directory: Directory, file: File, yes: Yes = False, as_json: AsJson = False) -> None:
    """Show what a draft says, ask, and add this organisation's signatures."""
    from identity.keys.keystore import passphrase_from
    from node.engine import council

    organisation = _organisation(directory)
    given = council.load(organisation, file)
    if not yes:
        typer.echo(_draft(_told(file, given)), err=True)
        typer.confirm("Sign?", abort=True, err=True)
    signed = council.sign(organisation, passphrase_from(os.environ), given)
    signed.save(file)
    show(_told(file, signed), as_json, _draft)


@app.command()
def issue(directory: Directory, file: File, as_json: AsJson = False) -> None:
    """Hand a signed draft to the network, and wait until it is accepted."""
    from node.engine import council

    organisation = _organisation(directory)
    with working("Waiting for the network"):
        ids = council.issue(organisation, council.load(organisation, file))
    show({"accepted": ids}, as_json, lambda told: "\n".join(told["accepted"]))


@app.command()
def settle(
    directory: Directory,
    chain: Annotated[str, typer.Argument(help="The chain's id, as issue told it.")],
    as_json: AsJson = False,
) -> None:
    """Check the chain against this founding, and follow it from the next start on."""
    from api.cli.network_drafts import settled

    bundle = settled(_organisation(directory), chain)
    show({"bundle": bundle.hash, "subnet": bundle.subnet, "chain": chain}, as_json, fields)


@app.command()
def run(directory: Directory) -> None:
    """Run this organisation's validator, in this process; a service's command."""
    from node.engine.process import command

    arguments = command(_organisation(directory))
    os.execvp(arguments[0], arguments)  # noqa: S606 (the engine's program, no shell)


@app.command()
def up(
    directory: Annotated[
        Path, typer.Argument(help="Where the organisations are.", file_okay=False)
    ],
    validators: Annotated[int, typer.Option(min=4, max=32, help="Only when it is new.")] = 5,
    threshold: Annotated[int, typer.Option(min=2, help="Of the council; only when new.")] = 3,
    granite: Annotated[bool, typer.Option(help="Only when it is new; off to measure.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run several organisations on this machine: found them once, run them until stopped."""
    from api.cli.network_up import run as run_all

    run_all(directory, validators, threshold, granite, as_json)


@app.command()
def join(
    directory: Directory,
    bundle: Annotated[Path, typer.Argument(help="bundle.json, of any validator.", dir_okay=False)],
    network: Annotated[
        Path, typer.Option(help="network.json, signed by the council.", dir_okay=False)
    ],
    validators: Annotated[
        int | None, typer.Option(help="How many the chain has now; without it, the founders.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the bundle against network.json, and lay down a newcomer's node; then run it.

    The chain is shown to validators alone: it follows once the council has admitted this one.
    """
    from api.cli.network_drafts import joined

    told = joined(_organisation(directory), bundle, network, validators)
    show({"chain": told.chain, "bundle": told.hash}, as_json, fields)


@app.command()
def retune(
    directory: Directory,
    validators: Annotated[int, typer.Option(help="How many the chain has, or will have.", min=1)],
    public: Annotated[
        Path | None, typer.Option(help="A newcomer's public.json, to know it by.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the consensus parameters fit the number of validators; they count from the next start.

    Add first, then raise; lower first, then remove. Restart the validators one after the other.
    """
    from node.engine.configuration import configure, parameters
    from node.engine.organisation import PublicHalf
    from node.engine.primary import know

    organisation = _organisation(directory)
    if public is not None:
        know(organisation, PublicHalf.read(_json(public)))
    configure(organisation, _bundle(organisation), validators)
    show(parameters(validators), as_json, fields)


@app.command()
def leave(
    directory: Directory,
    target: Annotated[Path, typer.Argument(help="The draft's file, not there yet.")],
    signer: Annotated[list[str], typer.Option(help="Name of a founder that will sign.")],
    as_json: AsJson = False,
) -> None:
    """Draft this organisation's own end as a validator, for the council to sign.

    First every validator lowers its parameters (retune). Afterwards its node can be stopped.
    """
    from api.cli.network_drafts import drafted

    organisation = _organisation(directory)
    made = drafted(organisation, "remove", signer, None, None, organisation.public.node_id)
    made.save(target)
    show(_told(target, made), as_json, _draft)


@app.command()
def status(
    directory: Annotated[list[Path], typer.Argument(help="One's own; others tell their lag.")],
    as_json: AsJson = False,
) -> None:
    """Show height, peers, lag, each validator's share of the last blocks, disk, stakes, trouble."""
    from node.engine.status import status as standing

    first, *others = [_organisation(each) for each in directory]
    show(standing(first, others), as_json, _status)


@app.command()
def allow(
    directory: Directory,
    address: Annotated[list[str], typer.Argument(help="Accounts, 0x and 40 hex digits.")],
    deployer: Annotated[bool, typer.Option("--deployer", help="May make contracts too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let accounts send transactions, with money for fees; signed by the operator's account."""
    _change_lists(directory, address, deployer, True, as_json)


@app.command()
def disallow(
    directory: Directory,
    address: Annotated[list[str], typer.Argument(help="Accounts, 0x and 40 hex digits.")],
    as_json: AsJson = False,
) -> None:
    """Take accounts off both allow lists; signed by the operator's account."""
    _change_lists(directory, address, False, False, as_json)


def _change_lists(
    directory: Path, addresses: list[str], deployer: bool, enable: bool, as_json: bool
) -> None:
    from identity.keys.keystore import passphrase_from
    from node.chain.rpc import Rpc
    from node.engine import permissions
    from node.engine.organisation import OPERATOR

    accounts = [_address(text) for text in addresses]
    organisation = _organisation(directory)
    operator = organisation.key(OPERATOR, passphrase_from(os.environ))
    ledger = Rpc(_bundle(organisation).rpc(organisation.url))
    try:
        done = (
            permissions.allow(ledger, operator, accounts, deployer)
            if enable
            else permissions.disallow(ledger, operator, accounts)
        )
    finally:
        ledger.close()
    show(
        {"transactions": done}, as_json, lambda told: "\n".join(told["transactions"]) or "as before"
    )


def _organisation(directory: Path) -> Any:
    from node.engine.organisation import Organisation

    return Organisation.of(directory)


def _founding(organisation: Any) -> Any:
    from node.engine.founding import load_founding

    return load_founding(organisation.directory / "founding.json")


def _bundle(organisation: Any) -> Any:
    from node.engine.bundle import load

    found = load(organisation.directory)
    if found is None:
        says = f"{organisation.directory} follows no chain yet."
        raise UsageInvalid("NOT_FOUNDED", says, "Found the network first, or join one.")
    return found


def _address(text: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 20:
        raise UsageInvalid("ADDRESS_INVALID", f"{text[:80]} is no account.", "0x and 40 digits.")
    return value


def _json(path: Path) -> Any:
    import json

    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageInvalid("FILE_UNREADABLE", f"{path} is no JSON.", "Name a file.") from error


def _told(file: Path, made: Any) -> dict[str, Any]:
    return {"file": str(file), "missing": made.missing, "transactions": [*made.says]}


def _status(told: dict[str, Any]) -> str:
    plain = {name: told[name] for name in ("name", "chain", "height", "last_block_seconds_ago")}
    columns = ["name", "node_id", "connected", "version", "lag", "share_of_last_blocks", "ends"]
    rows = [row | {"ends": day(row["place_ends"])} for row in told["validators"]]
    parts = [fields(plain), table(rows, columns), fields({"disk": told["disk"]}), *told["trouble"]]
    return "\n".join(parts)


def day(seconds: int) -> str:
    """The day of a moment, in UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _draft(told: dict[str, Any]) -> str:
    lines = [
        ", ".join(f"{name} {value}" for name, value in says.items())
        for says in told["transactions"]
    ]
    return "\n".join([*lines, f"{told['missing']} signatures are missing; {told['file']}"])
