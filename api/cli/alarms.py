"""Alarms about the ledger, on the member's directory: which stand, and which are known."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import AsJson, show, table


def alarms(
    directory: Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)],
    acknowledge: Annotated[
        list[str] | None, typer.Option(help="The id of an alarm that is known; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is not as the council decided, or not as other members see it.

    An alarm ends by itself when its cause does. One that is acknowledged stays here and counts no
    more; the audit log says when.
    """
    from sqlmodel import col, select

    from node.oversight.alarms import PATIENCE_SECONDS
    from node.oversight.alarms import acknowledge as note
    from node.settings import Settings
    from node.store.oversight import LedgerAlarm
    from node.upkeep.errors import AlarmUnknown
    from node.upkeep.measures import opened

    now = int(time.time())
    with opened(Settings.load(directory)) as database:
        with database.begin() as session:
            for alarm in acknowledge or []:
                if not note(session, alarm, now):
                    raise AlarmUnknown("No alarm that stands has this id.", alarm=alarm)
        with database.read() as session:
            rows = session.exec(select(LedgerAlarm).order_by(col(LedgerAlarm.since))).all()
            told = [
                {
                    "id": row.id,
                    "since": row.since,
                    "counts": row.acknowledged_at is None
                    and now - row.since >= PATIENCE_SECONDS.get(row.code, 0),
                    "acknowledged_at": row.acknowledged_at,
                    "says": row.says,
                }
                for row in rows
            ]
    show(told, as_json, _screen)


def _screen(told: list[dict[str, Any]]) -> str:
    return table(told, ["id", "since", "counts", "says"]) if told else "No alarm stands."
