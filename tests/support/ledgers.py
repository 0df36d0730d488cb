"""Which shared ledger the tests run on: LEDGER in the environment, the embedded one without it.

Where the ledger has allow lists, ``permit`` puts a test's accounts on them.
"""

import os

from support.avalanche import network_at

from identity.acts.words import KeyPurpose
from node.chain.founding import Founding

ENGINE = os.environ.get("LEDGER", "embedded")


def permit(url: str, founding: Founding) -> None:
    """Let the founding account make contracts, and the relayers send, where there are lists."""
    network = network_at(url)
    if network is None:
        return
    relayers = [
        bytes.fromhex(key[2:])[-20:]
        for admission in founding.admissions
        for key, purpose in admission.keys
        if purpose == KeyPurpose.RELAY
    ]
    network.allow([bytes.fromhex(founding.founder[2:])])
    network.allow(relayers, deployer=False)


def retire(url: str, founding: Founding) -> None:
    """Take the founding account off the lists again, where there are some: nobody may deploy."""
    network = network_at(url)
    if network is not None:
        network.disallow([bytes.fromhex(founding.founder[2:])])
