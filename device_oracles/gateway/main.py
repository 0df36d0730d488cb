"""``lading-gateway``: one lane at work, or the making of its key. It only wires."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn

from device_oracles.errors import GatewayError, TokenMissing, Unavailable
from device_oracles.gateway.journal import Journal
from device_oracles.gateway.member import MemberApi
from device_oracles.gateway.passage import Lane
from device_oracles.gateway.settings import GatewaySettings
from device_oracles.intake.listener import create_listener
from device_oracles.intake.readings import Reading
from identity.errors import IdentityError
from identity.errors import Unavailable as IdentityUnavailable
from identity.keys.keystore import Keystore, passphrase_from
from identity.keys.kinds import KeyKind

TOKEN_VARIABLE = "LADING_TOKEN"  # noqa: S105 (a name, no secret)
CONNECTIONS = 100
EXIT_REFUSED, EXIT_UNAVAILABLE = 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway; exit code 0 done, 1 refused, 2 wrong use, 3 unavailable."""
    parser = argparse.ArgumentParser(prog="lading-gateway", description="One lane of a terminal.")
    parser.add_argument("settings", type=Path, help="the lane's settings file")
    parser.add_argument(
        "--new-key",
        action="store_true",
        help="make the lane's key in its key store, print its address, and end",
    )
    given = parser.parse_args(arguments)
    try:
        settings = GatewaySettings.load(given.settings)
        if given.new_key:
            _print(_new_key(settings))
        else:
            _serve(settings)
    except (GatewayError, IdentityError) as error:
        _print({"code": error.code, "says": error.message, "what_to_do": error.what_to_do})
        unavailable = isinstance(error, Unavailable | IdentityUnavailable)
        return EXIT_UNAVAILABLE if unavailable else EXIT_REFUSED
    return 0


def _new_key(settings: GatewaySettings) -> dict[str, Any]:
    passphrase = passphrase_from(os.environ)
    exists = settings.keystore.exists()
    open_store = Keystore.open if exists else Keystore.create
    entry = open_store(settings.keystore, passphrase).add(settings.key, KeyKind.SECP256K1, "lane")
    return {"lane": settings.lane, "key": "0x" + entry.public.hex()}


def _serve(settings: GatewaySettings) -> None:
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise TokenMissing(f"{TOKEN_VARIABLE} is not set.")
    key = Keystore.open(settings.keystore, passphrase_from(os.environ)).signing_key(settings.key)
    domain = settings.releases_domain()
    with (
        Journal(settings.journal) as journal,
        MemberApi(str(settings.member_api), token) as member,
    ):
        lane = Lane(settings, domain, key, journal, member)

        def decide(reading: Reading) -> dict[str, Any]:
            return lane.read(reading).to_json()

        def health() -> dict[str, Any]:
            return {"lane": settings.lane, "device_counter": journal.last_counter}

        uvicorn.run(
            create_listener(decide, health),
            host=settings.listen.host,
            port=settings.listen.port,
            log_level="warning",
            http="h11",  # it bounds a request's line and headers
            ws="none",
            limit_concurrency=CONNECTIONS,
        )


def _print(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), file=sys.stderr if "code" in value else sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
