"""The ids that contracts compute or fix: conditions, rights, a port's roles, what a motion changes.

A part that is not of its type raises ActMalformed.
"""

from eth_hash.auto import keccak

from identity.acts.typed import word

COUNCIL = keccak(b"council")
"""The object of RotateCouncil; its counter is the council's epoch, 0 when founded."""

RULEBOOK = keccak(b"rulebook")
"""The object of ChangeRulebook; its counter is the rulebook's version, 1 when founded."""

VERSIONS = keccak(b"versions")
"""The object of ActivateVersion; its counter is the version in force, 1 when founded."""


def condition_id(order: bytes, kind: int) -> bytes:
    """Return the id of a delivery order's condition: keccak256(order ‖ uint256 kind)."""
    return keccak(word("bytes32", order, "order") + word("uint256", kind, "kind"))


def right_id(order: bytes, container: bytes) -> bytes:
    """Return the id of a pickup right: keccak256(order ‖ container's tag)."""
    return keccak(word("bytes32", order, "order") + word("bytes32", container, "container"))


def amendment_id(surrender: bytes, amended: bytes) -> bytes:
    """Return what names an open amendment: keccak256(surrender's digest ‖ amended root)."""
    return keccak(word("bytes32", surrender, "offer") + word("bytes32", amended, "amended"))


def assignment_id(port: int, role: int) -> bytes:
    """Return the object of AssignAuthority: keccak256(uint256 port ‖ uint256 role)."""
    return keccak(word("uint256", port, "port") + word("uint256", role, "role"))
