"""The bytes of acts: one encoding each, the digest every EIP-712 wallet would compute."""

import json

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from identity.acts import typed
from identity.acts.typed import HEADER_BYTES, Act, Domain
from identity.acts.types import ACT_TYPES, ActType, Field
from identity.errors import ActMalformed
from identity.keys import secp256k1
from identity.keys.secp256k1 import SigningKey

DOMAIN = Domain(31337, b"\x11" * 20, b"\x22" * 32)
SIGNATURE = b"\x01" * 65
ITEMS = {
    "bytes32": st.binary(min_size=32, max_size=32),
    "address": st.binary(min_size=20, max_size=20),
    "uint256": st.integers(0, 2**256 - 1),
}
HEADER_BITS = {"counter": 32, "expires": 40}


def values(field: Field):
    item = ITEMS[field.item]
    if field.name in HEADER_BITS:
        return st.integers(0, 2 ** HEADER_BITS[field.name] - 1)
    return st.lists(item, max_size=typed.MAX_ITEMS) if field.is_array else item


def acts_of(act_type: ActType):
    fields = {field.name: values(field) for field in act_type.fields}
    return st.fixed_dictionaries(fields).map(lambda given: Act(act_type.name, given))


acts = st.sampled_from(sorted(ACT_TYPES)).flatmap(lambda name: acts_of(ACT_TYPES[name]))


def order_act(**changes) -> Act:
    fields = {
        "principal": b"\x01" * 32,
        "delegation": bytes(32),
        "object": b"\x02" * 32,
        "counter": 0,
        "expires": 1_900_000_000,
        "companion": bytes(32),
        "title": b"\x03" * 32,
        "root": b"\x04" * 32,
        "terminal": b"\x05" * 32,
        "kinds": [1, 2],
        "members": [b"\x06" * 32, b"\x07" * 32],
        "containers": [b"\x08" * 32],
    }
    return Act("OpenOrder", {**fields, **changes})


def eth_account_digest(domain: Domain, act: Act) -> bytes:
    types = [{"name": field.name, "type": field.type} for field in act.type.fields]
    domain_types = {
        "name": "string",
        "version": "string",
        "chainId": "uint256",
        "verifyingContract": "address",
        "salt": "bytes32",
    }
    message = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [{"name": n, "type": t} for n, t in domain_types.items()],
                act.name: types,
            },
            "primaryType": act.name,
            "domain": {
                "name": "Lading",
                "version": "1",
                "chainId": domain.chain_id,
                "verifyingContract": domain.verifying_contract,
                "salt": domain.network_id,
            },
            "message": act.fields,
        }
    )
    return bytes(_hash_eip191_message(message))


@given(acts)
def test_the_digest_is_the_one_eth_account_computes(act: Act) -> None:
    assert typed.digest(DOMAIN, act) == eth_account_digest(DOMAIN, act)


@given(acts)
def test_an_act_survives_the_wire(act: Act) -> None:
    wire = typed.encode(act, SIGNATURE)
    assert typed.decode(wire) == (act, SIGNATURE, b"")
    assert wire[0] == act.type.code
    assert typed.decode_unsigned(wire[:-65]) == act


@given(acts, st.binary(min_size=1, max_size=200))
def test_what_a_verb_attaches_follows_the_signature(act: Act, attached: bytes) -> None:
    if not act.type.attached:
        with pytest.raises(ActMalformed):
            typed.encode(act, SIGNATURE, attached)
        return
    wire = typed.encode(act, SIGNATURE, attached)
    assert wire == typed.encode(act, SIGNATURE) + attached
    assert typed.decode(wire) == (act, SIGNATURE, attached)


def test_the_verbs_that_attach_something_are_checkpoints_and_proofs_of_two_acts() -> None:
    attaching = {name for name, kind in ACT_TYPES.items() if kind.attached}
    assert attaching == {"Checkpoint", "ReportSplit", "ProveEquivocation"}


@given(acts)
def test_an_act_survives_json(act: Act) -> None:
    assert typed.act_from_json(json.loads(json.dumps(typed.act_to_json(act)))) == act


@given(acts, st.data())
def test_a_cut_or_lengthened_wire_is_refused(act: Act, data: st.DataObject) -> None:
    wire = typed.encode(act, SIGNATURE)
    end = data.draw(st.integers(0, len(wire) - 1))
    with pytest.raises(ActMalformed):
        typed.decode(wire[:end])
    if not act.type.attached:
        with pytest.raises(ActMalformed):
            typed.decode(wire + b"\x00")


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_act_that_encodes_to_them_or_are_refused(wire: bytes) -> None:
    try:
        act, signature, attached = typed.decode(wire)
    except ActMalformed:
        return
    assert typed.encode(act, signature, attached) == wire


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=70),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "fields", "object", "x"]), inner, max_size=3)
        ),
    )
)
def test_hostile_json_is_refused(data: object) -> None:
    with pytest.raises(ActMalformed):
        typed.act_from_json(data)


def test_another_chain_contract_or_network_gives_another_digest() -> None:
    digests = {
        typed.digest(domain, order_act())
        for domain in (
            DOMAIN,
            Domain(31338, DOMAIN.verifying_contract, DOMAIN.network_id),
            Domain(31337, b"\x12" * 20, DOMAIN.network_id),
            Domain(31337, DOMAIN.verifying_contract, b"\x23" * 32),
        )
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"counter": -1},
        {"counter": 2**256},
        {"counter": True},
        {"counter": "0"},
        {"object": b"\x02" * 31},
        {"object": "0x" + "02" * 32},
        {"kinds": 1},
        {"kinds": [1] * 17},
        {"kinds": [b"\x01" * 32]},
        {"members": [1]},
        {"surprise": 1},
    ],
)
def test_a_value_of_the_wrong_shape_is_refused(changes: dict) -> None:
    with pytest.raises(ActMalformed):
        typed.encode_unsigned(order_act(**changes))


def test_seventeen_items_are_refused_on_the_wire() -> None:
    act = typed.encode_unsigned(order_act(kinds=[]))
    count_at = HEADER_BYTES + 3 * 32
    tail = act[count_at + 32 :]
    longer = act[:count_at] + (17).to_bytes(32, "big") + bytes(17 * 32) + tail
    with pytest.raises(ActMalformed, match="more than 16"):
        typed.decode_unsigned(longer)


def test_a_count_beyond_memory_is_refused() -> None:
    act = typed.encode_unsigned(order_act())
    count_at = HEADER_BYTES + 3 * 32
    with pytest.raises(ActMalformed):
        typed.decode_unsigned(act[:count_at] + b"\xff" * 32 + act[count_at + 32 :])


def test_a_header_has_one_form() -> None:
    plain = typed.encode_unsigned(order_act(delegation=bytes(32), companion=bytes(32)))
    head, own = plain[2:HEADER_BYTES], plain[HEADER_BYTES:]
    one, two, zero = b"\x01" * 32, b"\x02" * 32, bytes(32)
    both = typed.encode_unsigned(order_act(delegation=one, companion=two))
    assert both == bytes([64, 3]) + head + one + two + own
    assert len(plain) == len(both) - 64
    for parts, optional in ((1, zero), (2, zero), (3, one + zero), (3, zero + one), (4, b"")):
        with pytest.raises(ActMalformed):
            typed.decode_unsigned(bytes([64, parts]) + head + optional + own)


def test_a_counter_or_a_time_that_the_wire_has_no_room_for_is_refused() -> None:
    for changes in ({"counter": 2**32}, {"expires": 2**40}):
        with pytest.raises(ActMalformed):
            typed.encode_unsigned(order_act(**changes))


def test_an_address_with_dirty_upper_bytes_is_refused() -> None:
    act = bytes([96]) + bytes(HEADER_BYTES - 1) + b"\x01" + bytes(31) + bytes(3 * 32)
    with pytest.raises(ActMalformed, match="not an address"):
        typed.decode_unsigned(act)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("counter", "7"),
        ("counter", 2**53),
        ("counter", str(2**256)),
        ("counter", "0" + str(2**60)),
        ("counter", "٣" * 20),
        ("counter", 1.0),
        ("counter", None),
        ("object", "0x" + "AB" * 32),
        ("object", "ab" * 32),
        ("object", "0x" + "a " * 32),
        ("kinds", [1] * 17),
        ("kinds", {"0": 1}),
    ],
)
def test_a_second_spelling_in_json_is_refused(field: str, value: object) -> None:
    data = typed.act_to_json(order_act())
    data["fields"] = {**data["fields"], field: value}
    with pytest.raises(ActMalformed):
        typed.act_from_json(data)


def test_a_great_integer_is_a_decimal_string_in_json() -> None:
    data = typed.act_to_json(order_act(counter=2**53))
    assert data["fields"]["counter"] == "9007199254740992"
    assert typed.act_to_json(order_act(counter=2**53 - 1))["fields"]["counter"] == 2**53 - 1


@given(st.lists(st.binary(max_size=90), min_size=1, max_size=50))
def test_a_batch_comes_apart_as_it_was_put_together(wires: list[bytes]) -> None:
    packed = typed.batch(wires)
    assert typed.unbatch(packed) == wires
    with pytest.raises(ActMalformed):
        typed.unbatch(packed + b"\x00")


@pytest.mark.parametrize("count", [0, 51])
def test_a_batch_has_one_to_fifty_acts(count: int) -> None:
    with pytest.raises(ActMalformed):
        typed.batch([b"\x01"] * count)
    with pytest.raises(ActMalformed):
        typed.unbatch(b"\x00\x01\x01" * count)


def test_a_signature_of_another_network_or_other_terms_is_not_the_members() -> None:
    key = SigningKey(b"\x07" * 32)
    act = order_act()
    signature = key.sign(typed.digest(DOMAIN, act))
    assert secp256k1.recover(typed.digest(DOMAIN, act), signature) == key.address
    elsewhere = Domain(DOMAIN.chain_id, DOMAIN.verifying_contract, b"\x23" * 32)
    for digest in (typed.digest(elsewhere, act), typed.digest(DOMAIN, order_act(counter=1))):
        assert secp256k1.recover(digest, signature) != key.address
