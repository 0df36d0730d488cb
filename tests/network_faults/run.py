"""Does every kind of fault to a real network of five validators, and checks what must hold after.

``make faults-network N=1`` runs each kind once, ``make faults-network-rotated`` three of them,
which follow from the commit. Needs root, for network namespaces and small disks; everything is
started in name spaces of the run's own, so that nothing is left behind however it ends.
"""

import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS)]
os.environ["LEDGER"] = "avalanche"

from faults.run import Trial, main  # noqa: E402
from faults.world import new_folder  # noqa: E402
from network_faults import partitions, validators, writers  # noqa: E402
from network_faults.world import NetworkChecker, NetworkWorld  # noqa: E402
from support.servers import PostgreSQL, Redis  # noqa: E402

NETWORK_FAULTS = Trial(
    name="network_faults",
    kinds=[*validators.KINDS, *partitions.KINDS, *writers.KINDS],
    new_world=lambda: NetworkWorld(new_folder(), PostgreSQL(), Redis()),
    checker=NetworkChecker,
    rotated=3,
    wanted=17,
    packages=("libfaketime", "e2fsprogs", "iproute2", "nftables"),
    spaces=("--net",),
    seldom=("engine: mixed versions",),  # its second engine takes minutes to build
)

if __name__ == "__main__":
    sys.exit(main(NETWORK_FAULTS))
