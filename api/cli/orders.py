"""Delivery orders, conditions and lanes from the command line, through the API."""

from typing import Annotated

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show
from api.cli.writing import DEFAULT_WAIT_SECONDS, Key, Wait, write

app = typer.Typer(no_args_is_help=True, help="Delivery orders, their conditions, and lanes.")

OrderId = Annotated[str, typer.Argument(help="The order's id, 0x and 64 hex digits.")]


@app.command("show")
def show_order(order: OrderId, as_json: AsJson = False) -> None:
    """Show an order with its conditions and pickup rights."""
    from api.cli.client import Member

    show(Member().read(f"/v1/orders/{order}"), as_json, fields)


@app.command("open")
def open_order(
    title: Annotated[str, typer.Argument(help="The surrendered title's id.")],
    terminal: Annotated[str, typer.Option(help="Member id of the terminal.")],
    condition: Annotated[
        list[str] | None, typer.Option(help="KIND=MEMBER, such as customs=0x…; may be repeated.")
    ] = None,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Open the delivery order of a surrendered title."""
    conditions = [_condition(text) for text in condition or []]
    body = {"terminal": terminal, "conditions": conditions}
    write(f"/v1/titles/{title}/orders", body, key, wait, as_json)


@app.command("condition")
def set_condition(
    order: OrderId,
    kind: Annotated[str, typer.Argument(help="freight, customs, terminal, …")],
    met: Annotated[bool, typer.Option("--met/--not-met", help="Whether it is met.")] = True,
    reference: Annotated[
        str | None, typer.Option(help="A hash of this member's own record, 0x and 64 hex digits.")
    ] = None,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Say whether a condition of an order is met."""
    body = {"met": met} | ({} if reference is None else {"reference": reference})
    write(f"/v1/orders/{order}/conditions/{kind}", body, key, wait, as_json)


@app.command("lane")
def register_lane(
    lane_key: Annotated[str, typer.Argument(help="The lane key's address.")],
    port: Annotated[int, typer.Option(help="The port's id in the rulebook.")],
    calibrated_until: Annotated[int, typer.Option(help="UTC seconds.")],
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Register a lane of this terminal."""
    body = {"key": lane_key, "port": port, "calibrated_until": calibrated_until}
    write("/v1/lanes", body, key, wait, as_json)


def _condition(text: str) -> dict[str, str]:
    kind, separator, member = text.partition("=")
    if not separator:
        raise UsageInvalid(
            "CONDITION_MALFORMED", f"{text!r} is not KIND=MEMBER.", "Write customs=0x… for example."
        )
    return {"kind": kind, "member": member}
