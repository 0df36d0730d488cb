"""Where the network's contracts stand now, or stood at a height, as this node followed it.

network.json names the founding contracts; the council's acts name those that succeed them.
"""

from dataclasses import replace

from sqlmodel import Session, col, select

from node.chain.network import DeployedContract, Network
from node.store.council_projections import ContractPlace


def known_places(session: Session) -> dict[str, str]:
    """Return every address at which one of the network's contracts ever stood, with its name."""
    return {place.address: place.name for place in session.exec(select(ContractPlace))}


def in_force(session: Session, network: Network, height: int | None = None) -> Network:
    """Return the network with the contracts in force after block ``height``, or now.

    The code hash of a successor is not known from its act: it is given as the one it succeeds.
    """
    query = select(ContractPlace).order_by(col(ContractPlace.version))
    if height is not None:
        query = query.where(col(ContractPlace.from_block) <= height)
    places = {place.name: place.address for place in session.exec(query)}
    contracts = {
        name: DeployedContract(places.get(name, given.address), given.code_hash)
        for name, given in network.contracts.items()
    }
    return replace(network, contracts=contracts)
