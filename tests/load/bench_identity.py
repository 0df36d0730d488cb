"""What identity can do on one core: signatures, certificate paths, decisions, sign-in.

    make bench-identity

One section a file (``identity_*.py`` beside this one), each a function ``measure`` that returns
its bars and what else it saw. The machine should do nothing else.
"""

import argparse
import importlib
import sys
from pathlib import Path

from line import print_line


def main() -> int:
    """Measure every section, or those that are named; exit 1 when a bar is missed."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("identity_*.py"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=[*found, []], default=[])
    bars, also = [], {}
    for name in parser.parse_args().sections or found:
        section_bars, section_also = importlib.import_module(name).measure()
        bars += section_bars
        also |= section_also
    return 0 if print_line("identity", bars, also) else 1


if __name__ == "__main__":
    sys.exit(main())
