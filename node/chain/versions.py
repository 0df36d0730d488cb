"""Where the network's contracts stand now, or stood at a height, as this node followed it.

network.json names the founding contracts; the council's acts name those that succeed them.
"""

from dataclasses import replace

from sqlmodel import Session, col, func, select

from node.chain.network import DeployedContract, Network
from node.store.council_projections import ContractPlace, ContractVersion


def known_places(session: Session) -> dict[str, str]:
    """Return every address at which one of the network's contracts ever stood, with its name."""
    return {place.address: place.name for place in session.exec(select(ContractPlace))}


def in_force(session: Session, network: Network, height: int | None = None) -> Network:
    """Return the network with the contracts in force after block ``height``, or now.

    The code hash of a successor that the file does not know is given as the one it succeeds.
    """
    query = select(ContractPlace).order_by(col(ContractPlace.version))
    if height is not None:
        query = query.where(col(ContractPlace.from_block) <= height)
    places = {place.name: place.address for place in session.exec(query)}
    hashes = {
        each.address: each.code_hash
        for version in network.versions
        for each in version.contracts.values()
    }
    contracts = {}
    for name, given in network.contracts.items():
        address = places.get(name, given.address)
        contracts[name] = DeployedContract(address, hashes.get(address, given.code_hash))
    return replace(network, contracts=contracts, versions=())


def is_outdated(session: Session, network: Network) -> bool:
    """Say whether the ledger's contracts are of a later version than ``network`` knows."""
    last = session.exec(select(func.max(ContractVersion.counter))).one()
    return last is not None and last > network.version
