"""Where npm put forge's binary, for programs that run it elsewhere than in contracts/."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def forge_binary() -> Path:
    """Return the path of the platform's own forge, the one that tools/forge runs."""
    packages = ROOT / "contracts" / "node_modules" / "@foundry-rs"
    (binary,) = packages.glob("forge-*/bin/forge")
    return binary
