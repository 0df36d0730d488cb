"""The bytes of an act: what is signed, what is relayed, and its JSON form.

It refuses everything but the one encoding of each act, and knows nothing of keys or states.
Source: EIP-712 for the digest; docs/protocol/acts.md for the wire.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from eth_hash.auto import keccak

from identity.acts.types import DOMAIN_NAME, DOMAIN_VERSION, ActType, Field
from identity.errors import ActMalformed

WORD_BYTES = 32
SIGNATURE_BYTES = 65
MAX_ITEMS = 16
MAX_BATCH_ACTS = 50
MAX_JSON_INTEGER = 2**53 - 1
HEADER_FIELDS = 6
HEADER_BYTES = 75
COUNTER_BYTES = 4
EXPIRES_BYTES = 5
ZERO_WORD = bytes(WORD_BYTES)

DOMAIN_TYPE_HASH = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,"
    b"address verifyingContract,bytes32 salt)"
)
Item = int | bytes
Value = Item | list[int] | list[bytes]


@dataclass(frozen=True)
class Domain:
    """Where an act counts: one chain, one contract (20 bytes), one network (32 bytes)."""

    chain_id: int
    verifying_contract: bytes
    network_id: bytes

    @cached_property
    def separator(self) -> bytes:
        """The EIP-712 domain separator, 32 bytes."""
        return keccak(
            DOMAIN_TYPE_HASH
            + keccak(DOMAIN_NAME.encode())
            + keccak(DOMAIN_VERSION.encode())
            + word("uint256", self.chain_id, "chainId")
            + word("address", self.verifying_contract, "verifyingContract")
            + word("bytes32", self.network_id, "salt")
        )


@dataclass(frozen=True)
class Act:
    """One act before it is signed: its verb's name and every field by name, the header's too.

    ``bytes32`` and ``address`` are bytes of exactly 32 and 20, ``uint256`` is an int, an array
    is a list of them. Encoding checks all of it; an Act by itself promises nothing.
    """

    name: str
    fields: dict[str, Value]

    @property
    def type(self) -> ActType:
        """The act's type; raises ActMalformed for a name there is not."""
        return ActType.by_name(self.name)

    @property
    def principal(self) -> bytes:
        """The member that acts."""
        return cast(bytes, self.fields["principal"])

    @property
    def delegation(self) -> bytes:
        """The delegation it is made under: the digest of the act that gave it; zero for none."""
        return cast(bytes, self.fields["delegation"])

    @property
    def object(self) -> bytes:
        """What the act changes."""
        return cast(bytes, self.fields["object"])

    @property
    def counter(self) -> int:
        """The object's counter before the act."""
        return cast(int, self.fields["counter"])

    @property
    def expires(self) -> int:
        """UTC seconds after which the act no longer counts."""
        return cast(int, self.fields["expires"])


def encode_unsigned(act: Act) -> bytes:
    """Return the header and the own words of the act: what stands before the signature.

    The header is code (1), parts (1: bit 0 for a delegation, bit 1 for a companion), principal
    (32), object (32), counter (4), expires (5), then delegation and companion (32 each) if not
    zero.

    Raises:
        ActMalformed: a field is missing, unknown, of the wrong type, length or range.
    """
    own = own_words(act)
    optional = [cast(bytes, act.fields[name]) for name in ("delegation", "companion")]
    has = [value != ZERO_WORD for value in optional]
    try:
        numbers = act.counter.to_bytes(COUNTER_BYTES, "big") + act.expires.to_bytes(
            EXPIRES_BYTES, "big"
        )
    except OverflowError as error:
        raise ActMalformed("A counter is below 2^32 and a time below 2^40.") from error
    header = bytes([act.type.code, has[0] | has[1] << 1]) + act.principal + act.object + numbers
    return header + b"".join(value for value in optional if value != ZERO_WORD) + own


def own_words(act: Act) -> bytes:
    """Return the own fields as words: a static field one, an array its count and then its items.

    Raises:
        ActMalformed: a field is missing, unknown, of the wrong type, length or range.
    """
    return b"".join(part for parts in list(_parts(act))[HEADER_FIELDS:] for part in parts)


def struct_hash(act: Act) -> bytes:
    """Return EIP-712's hashStruct of the act, 32 bytes; raises ActMalformed."""
    hashed = [act.type.type_hash]
    for field, parts in zip(act.type.fields, _parts(act), strict=True):
        hashed.append(keccak(b"".join(parts[1:])) if field.is_array else parts[0])
    return keccak(b"".join(hashed))


def digest(domain: Domain, act: Act) -> bytes:
    """Return the 32 bytes that are signed: keccak256(0x1901 ‖ separator ‖ hashStruct)."""
    return keccak(b"\x19\x01" + domain.separator + struct_hash(act))


def encode(act: Act, signature: bytes, attached: bytes = b"") -> bytes:
    """Return the wire form: header ‖ own words ‖ signature (65 bytes) ‖ attached, unsigned.

    Raises:
        ActMalformed: a field or the signature is wrong, or the verb attaches nothing.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise ActMalformed(f"A signature has {SIGNATURE_BYTES} bytes, not {len(signature)}.")
    _check_attached(act.type, attached)
    return encode_unsigned(act) + signature + attached


def decode(wire: bytes) -> tuple[Act, bytes, bytes]:
    """Return the act, its 65-byte signature and what is attached, both not checked here.

    Raises:
        ActMalformed: unknown code, too short, too long, a word out of its type's range, or
            something attached to an act of a verb that attaches nothing.
    """
    act, end = _read(wire)
    signature, attached = wire[end:][:SIGNATURE_BYTES], wire[end + SIGNATURE_BYTES :]
    if len(signature) != SIGNATURE_BYTES:
        raise ActMalformed("The act ends inside its signature.")
    _check_attached(act.type, attached)
    return act, signature, attached


def decode_unsigned(data: bytes) -> Act:
    """Return the act of exactly these bytes, as ``encode_unsigned`` makes; raises ActMalformed."""
    act, end = _read(data)
    if end != len(data):
        raise ActMalformed(f"{len(data) - end} bytes are left after the last field.")
    return act


def batch(wires: Sequence[bytes]) -> bytes:
    """Return the argument of ``submit``: each act behind its length (2 bytes, big-endian).

    Raises:
        ActMalformed: no act, more than 50, or one longer than 65,535 bytes.
    """
    if not 1 <= len(wires) <= MAX_BATCH_ACTS:
        raise ActMalformed(f"A batch has 1 to {MAX_BATCH_ACTS} acts, not {len(wires)}.")
    if any(len(wire) > 0xFFFF for wire in wires):
        raise ActMalformed("An act in a batch has at most 65,535 bytes.")
    return b"".join(len(wire).to_bytes(2, "big") + wire for wire in wires)


def unbatch(data: bytes) -> list[bytes]:
    """Return the acts of a batch, undecoded; raises ActMalformed when a length does not fit."""
    wires: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            raise ActMalformed("The batch ends inside an act.")
        wires.append(data[at + 2 : end])
        at = end
    if not 1 <= len(wires) <= MAX_BATCH_ACTS:
        raise ActMalformed(f"A batch has 1 to {MAX_BATCH_ACTS} acts, not {len(wires)}.")
    return wires


def act_to_json(act: Act) -> dict[str, object]:
    """Return ``{"name": …, "fields": {…}}`` with every field in the struct's order.

    Bytes are ``0x`` and lower-case hex. An integer below 2^53 is a JSON number, a greater one a
    decimal string, so that RFC 8785 and every JSON reader keep it exact.
    """
    own_words(act)
    fields: dict[str, object] = {}
    for field in act.type.fields:
        value = act.fields[field.name]
        fields[field.name] = (
            [_item_to_json(item) for item in value]
            if isinstance(value, list | tuple)
            else _item_to_json(value)
        )
    return {"name": act.name, "fields": fields}


def act_from_json(data: object) -> Act:
    """Read what act_to_json wrote, and nothing else.

    Raises:
        ActMalformed: a key too many or too few, upper-case hex, an integer in the other form, a
            value out of range, or an array of more than 16 items.
    """
    if not isinstance(data, dict) or set(data) != {"name", "fields"}:
        raise ActMalformed('An act is {"name": …, "fields": {…}} and nothing more.')
    name, given = data["name"], data["fields"]
    if not isinstance(name, str) or not isinstance(given, dict):
        raise ActMalformed("An act's name is a string and its fields are an object.")
    act_type = ActType.by_name(name)
    _check_names(act_type, given)
    fields: dict[str, Value] = {}
    for field in act_type.fields:
        value = given[field.name]
        if field.is_array:
            if not isinstance(value, list):
                raise ActMalformed(f"{field.name} is not a list.", field=field.name)
            _check_count(field, len(value))
            items = [_item_from_json(field.item, item, field.name) for item in value]
            fields[field.name] = cast(Value, items)
        else:
            fields[field.name] = _item_from_json(field.type, value, field.name)
    return Act(name, fields)


def _read(data: bytes) -> tuple[Act, int]:
    """Return the act that ``data`` begins with, and where its own words end."""
    if len(data) < HEADER_BYTES:
        raise ActMalformed(f"An act cannot be {len(data)} bytes long.")
    act_type = ActType.by_code(data[0])
    fields, at = _read_header(data)
    for field in act_type.fields[HEADER_FIELDS:]:
        if field.is_array:
            count = int.from_bytes(_cut(data, at), "big")
            _check_count(field, count)
            starts = range(at + WORD_BYTES, at + WORD_BYTES * (count + 1), WORD_BYTES)
            items = [_item(field.item, _cut(data, start), field.name) for start in starts]
            fields[field.name] = cast(Value, items)
            at += WORD_BYTES * (count + 1)
        else:
            fields[field.name] = _item(field.type, _cut(data, at), field.name)
            at += WORD_BYTES
    return Act(act_type.name, fields), at


def _read_header(data: bytes) -> tuple[dict[str, Value], int]:
    parts, at = data[1], HEADER_BYTES
    if parts > 3:
        raise ActMalformed("An act has a delegation and a companion at most.")
    optional = {"delegation": ZERO_WORD, "companion": ZERO_WORD}
    for bit, name in enumerate(optional):
        if parts >> bit & 1:
            optional[name] = _cut(data, at)
            if optional[name] == ZERO_WORD:
                raise ActMalformed(f"A {name} of zero is left out.", field=name)
            at += WORD_BYTES
    counter, expires = data[66:70], data[70:HEADER_BYTES]
    return {
        "principal": data[2:34],
        "delegation": optional["delegation"],
        "object": data[34:66],
        "counter": int.from_bytes(counter, "big"),
        "expires": int.from_bytes(expires, "big"),
        "companion": optional["companion"],
    }, at


def _check_attached(act_type: ActType, attached: bytes) -> None:
    if attached and not act_type.attached:
        raise ActMalformed(f"{act_type.name} attaches nothing.", name=act_type.name)


def _parts(act: Act) -> Iterable[list[bytes]]:
    """Give each field's words; an array's first is its count."""
    act_type = act.type
    _check_names(act_type, act.fields)
    for field in act_type.fields:
        value = act.fields[field.name]
        if not field.is_array:
            yield [word(field.type, value, field.name)]
            continue
        if not isinstance(value, list | tuple):
            raise ActMalformed(f"{field.name} is not a list.", field=field.name)
        _check_count(field, len(value))
        yield [len(value).to_bytes(WORD_BYTES, "big")] + [
            word(field.item, item, field.name) for item in value
        ]


def word(kind: str, value: object, name: str) -> bytes:
    """Return ``value`` as the 32-byte word of its EIP-712 type; raises ActMalformed."""
    if kind == "uint256":
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**256:
            return value.to_bytes(WORD_BYTES, "big")
    elif isinstance(value, bytes):
        if kind == "bytes32" and len(value) == WORD_BYTES:
            return value
        if kind == "address" and len(value) == 20:
            return b"\x00" * 12 + value
    raise ActMalformed(f"{name} is not a {kind}.", field=name)


def _cut(words: bytes, at: int) -> bytes:
    word = words[at : at + WORD_BYTES]
    if len(word) != WORD_BYTES:
        raise ActMalformed("The act ends inside a field.")
    return word


def _item(kind: str, word: bytes, name: str) -> Item:
    if kind == "bytes32":
        return word
    if kind == "uint256":
        return int.from_bytes(word, "big")
    if word[:12] != b"\x00" * 12:
        raise ActMalformed(f"{name} is not an address.", field=name)
    return word[12:]


def _item_to_json(item: Item) -> str | int:
    if isinstance(item, bytes):
        return "0x" + item.hex()
    return item if item <= MAX_JSON_INTEGER else str(item)


def _item_from_json(kind: str, value: object, name: str) -> Item:
    if kind == "uint256":
        return _integer_from_json(value, name)
    length = WORD_BYTES if kind == "bytes32" else 20
    if isinstance(value, str) and len(value) == 2 + 2 * length and value.startswith("0x"):
        try:
            item = bytes.fromhex(value[2:])
        except ValueError:
            item = b""
        if value == "0x" + item.hex():
            return item
    raise ActMalformed(f"{name} is not 0x and {2 * length} lower-case hex digits.", field=name)


def _integer_from_json(value: object, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_JSON_INTEGER:
        return value
    if isinstance(value, str) and len(value) <= 78 and value.isascii() and value.isdecimal():
        number = int(value)
        if MAX_JSON_INTEGER < number < 2**256 and str(number) == value:
            return number
    raise ActMalformed(
        f"{name} is not an integer: a JSON number below 2^53, else a decimal string.", field=name
    )


def _check_names(act_type: ActType, given: Iterable[object]) -> None:
    names = set(given)
    if names != act_type.names:
        wrong = sorted(str(name)[:64] for name in names ^ act_type.names)
        raise ActMalformed(f"{act_type.name} has other fields: {', '.join(wrong[:8])}.")


def _check_count(field: Field, count: int) -> None:
    if count > MAX_ITEMS:
        raise ActMalformed(f"{field.name} has more than {MAX_ITEMS} items.", field=field.name)
