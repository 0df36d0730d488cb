"""What the council's acts on itself, the rulebook and the contracts do to the tables.

The founding stands in network.json, not in an event: ``founded`` is what it did.
"""

from sqlmodel import col

from identity.acts.objects import COUNCIL, RULEBOOK, VERSIONS
from node.chain.act_rows import next_row, number, text, words
from node.chain.events import Event, places_of
from node.chain.freeze_effects import lapse_all_proposals
from node.chain.network import Network
from node.chain.title_effects import lapse_all_offers
from node.store.council_projections import (
    ContractPlace,
    ContractVersion,
    Council,
    CouncilSeat,
    RulebookInForce,
)
from node.store.rows import Rows


def founded(rows: Rows, network: Network) -> None:
    """Put what the network began with: council, rulebook, and where its contracts stand."""
    rows.put(Council, id="0x" + COUNCIL.hex(), counter=0, threshold=network.threshold)
    for place, seat in enumerate(network.seats):
        rows.put(CouncilSeat, place=place, member=seat.member, key=seat.key)
    rows.put(
        RulebookInForce,
        id="0x" + RULEBOOK.hex(),
        counter=1,
        rulebook=network.rulebook,
        enforcement_seconds=network.waiting.enforcement_seconds,
        transfer_seconds=network.waiting.transfer_seconds,
    )
    rows.put(ContractVersion, id="0x" + VERSIONS.hex(), counter=1)
    for name, contract in network.contracts.items():
        rows.put(ContractPlace, version=1, name=name, address=contract.address, from_block=0)


def _change_rulebook(rows: Rows, event: Event) -> None:
    next_row(rows, event, RulebookInForce).update(
        rulebook=text(event.fields, "rulebook"),
        enforcement_seconds=number(event.fields, "enforcementSeconds"),
        transfer_seconds=number(event.fields, "transferSeconds"),
    )


def _rotate_council(rows: Rows, event: Event) -> None:
    council = next_row(rows, event, Council)
    council["threshold"] = number(event.fields, "threshold")
    for seat in rows.change_where(CouncilSeat):
        rows.remove(CouncilSeat, seat["place"])
    pairs = zip(words(event.fields, "seats"), words(event.fields, "keys"), strict=True)
    for place, (member, key) in enumerate(pairs):
        rows.put(CouncilSeat, place=place, member="0x" + member.hex(), key="0x" + key[-20:].hex())


def _activate_version(rows: Rows, event: Event) -> None:
    version = next_row(rows, event, ContractVersion)["counter"]
    before = {
        place["name"]: place["address"]
        for place in rows.change_where(ContractPlace, col(ContractPlace.version) == version - 1)
    }
    after = before | {name: address for address, name in places_of(event).items()}
    for name, address in after.items():
        rows.put(ContractPlace, version=version, name=name, address=address, from_block=event.block)
    if after["Titles"] != before["Titles"]:
        lapse_all_offers(rows)
        lapse_all_proposals(rows)


COUNCIL_EFFECTS = {
    "ChangeRulebook": _change_rulebook,
    "RotateCouncil": _rotate_council,
    "ActivateVersion": _activate_version,
}
