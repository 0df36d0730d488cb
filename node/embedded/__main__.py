"""``python -m node.embedded --dir DIR --port PORT``: run one embedded ledger."""

import argparse
import sys
from pathlib import Path

from node.embedded.errors import LedgerError
from node.embedded.server import serve
from node.embedded.settings import LedgerSettings


def main() -> int:
    """Run the ledger; return an exit code of sysexits.h, 0 after a stop that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m node.embedded", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="the ledger's own directory")
    parser.add_argument("--port", type=int, default=LedgerSettings.port, help="0 takes a free one")
    parser.add_argument("--chain-id", type=int, default=LedgerSettings.chain_id)
    arguments = parser.parse_args()
    settings = LedgerSettings(
        directory=arguments.dir, port=arguments.port, chain_id=arguments.chain_id
    )
    try:
        serve(settings)
    except LedgerError as error:
        print(f"lading ledger: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
