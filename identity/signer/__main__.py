"""``python -m identity.signer --dir D``: run the signer of the member whose directory is D."""

import argparse
import json
import sys
from pathlib import Path

from identity.errors import IdentityError
from identity.signer.server import serve
from identity.signer.service import error_to_json
from identity.signer.settings import SignerSettings

EX_CONFIG = 78  # sysexits.h


def main() -> int:
    """Read the settings and serve; exit 78 with the coded error when that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m identity.signer")
    parser.add_argument("--dir", type=Path, required=True, help="the signer's directory, 0700")
    directory = parser.parse_args().dir
    try:
        serve(SignerSettings.load(directory))
    except IdentityError as error:
        print(json.dumps(error_to_json(error)), file=sys.stderr)
        return EX_CONFIG
    return 0


if __name__ == "__main__":
    sys.exit(main())
