"""The types of acts, read once from ``acts.json``; it knows shapes, not signatures or states."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from eth_hash.auto import keccak

from identity.errors import ActMalformed


@dataclass(frozen=True)
class Field:
    """One field of an act: its name and its EIP-712 type."""

    name: str
    type: str

    @cached_property
    def is_array(self) -> bool:
        """Whether the field holds several items."""
        return self.type.endswith("[]")

    @cached_property
    def item(self) -> str:
        """The type of one item: ``bytes32``, ``uint256`` or ``address``."""
        return self.type.removesuffix("[]")


@dataclass(frozen=True)
class ActType:
    """One verb: the contract that executes it, its code on the wire, and its fields in order.

    ``fields`` opens with the header's six fields. ``signer`` says whose key signs: ``council``,
    ``member``, ``authority`` or ``lane``. ``attached`` says what follows the signature unsigned;
    most verbs have nothing there.
    """

    name: str
    code: int
    contract: str
    signer: str
    says: str
    fields: tuple[Field, ...]
    attached: str = ""

    @cached_property
    def type_string(self) -> str:
        """The EIP-712 encoding of the struct's type."""
        return f"{self.name}({','.join(f'{field.type} {field.name}' for field in self.fields)})"

    @cached_property
    def type_hash(self) -> bytes:
        """keccak256 of the type string, 32 bytes."""
        return keccak(self.type_string.encode())

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(field.name for field in self.fields)

    @property
    def delegable(self) -> bool:
        """Whether a member may let another company act for it with this verb."""
        return self.signer == "member" and self.contract != "Membership"

    @staticmethod
    def by_name(name: str) -> "ActType":
        """Return the type called ``name``; raises ActMalformed if there is none."""
        if name not in ACT_TYPES:
            raise ActMalformed(f"There is no act called {name[:64]!r}.", name=name[:64])
        return ACT_TYPES[name]

    @staticmethod
    def by_code(code: int) -> "ActType":
        """Return the type whose wire code is ``code``; raises ActMalformed if there is none."""
        if code not in _BY_CODE:
            raise ActMalformed(f"There is no act with code {code}.", verb=code)
        return _BY_CODE[code]


def _load() -> tuple[str, str, dict[str, ActType]]:
    data = json.loads((Path(__file__).parent / "acts.json").read_bytes())
    header = tuple(Field(**field) for field in data["header"])
    types = {
        act["name"]: ActType(**{**act, "fields": header + tuple(Field(**f) for f in act["fields"])})
        for act in data["acts"]
    }
    return data["domain"]["name"], data["domain"]["version"], types


UNCOUNTED = frozenset(
    {
        "ChangeRoles", "SuspendMember", "ReinstateMember", "ExitMember", "NameSuccessor",
        "RecoverKeys", "Freeze", "Lift", "ProposeTransfer", "ConfirmTransfer", "HoldOrder",
        "LiftHold", "SuspendDevice", "ResumeDevice", "ProveEquivocation", "ReportSplit",
    }
)  # fmt: skip
"""Acts that name no counter of their object, so that nobody can keep them out by acting first.

Their own content, used once, guards them; their event carries the object's counter all the same.
"""

DOMAIN_NAME, DOMAIN_VERSION, _types = _load()
ACT_TYPES: Mapping[str, ActType] = MappingProxyType(_types)
LANE_VERBS = frozenset(name for name, act_type in _types.items() if act_type.signer == "lane")
"""Acts that a lane's key signs."""
_BY_CODE = {act_type.code: act_type for act_type in _types.values()}
