"""Delivery orders: built with fresh salts, read strictly."""

from hashlib import sha256

import pytest

from node.documents.delivery_order import build_delivery_order, read_delivery_order
from node.documents.errors import DeliveryOrderInconsistent, SchemaRefused
from privacy.errors import ContainerCheckDigitWrong

CARRIER, CUSTOMS, TERMINAL, TITLE, ROOT = (
    "0x" + digits * 32 for digits in ["a1", "b2", "c3", "d4", "e5"]
)
CONTAINERS = ["MAEU6543213", "CSQU3054383"]


def order(**changes):
    parts = {
        "order_number": "DO-1",
        "title": TITLE,
        "title_root": ROOT,
        "terminal": TERMINAL,
        "port": "DEBRV",
        "conditions": {"freight": CARRIER, "customs": CUSTOMS, "terminal": TERMINAL},
        "containers": CONTAINERS,
    }
    return build_delivery_order(**(parts | changes))


def test_an_order_reads_back_as_it_was_built() -> None:
    read = read_delivery_order(order())
    assert (read.order_number, read.title, read.title_root) == ("DO-1", TITLE, ROOT)
    assert (read.terminal, read.port) == (TERMINAL, "DEBRV")
    assert read.conditions == {"freight": CARRIER, "customs": CUSTOMS, "terminal": TERMINAL}
    assert [container.number for container in read.containers] == CONTAINERS


def test_every_container_has_its_own_salt_and_two_orders_share_no_tag() -> None:
    one, other = read_delivery_order(order()), read_delivery_order(order())
    containers = one.containers + other.containers
    assert len({container.salt for container in containers}) == len(containers)
    assert len({container.tag for container in containers}) == len(containers)


def test_a_tag_is_that_of_number_and_salt() -> None:
    container = read_delivery_order(order()).containers[0]
    assert container.tag == sha256(b"C" + container.salt + b"MAEU6543213").digest()


def test_salts_do_not_show_in_an_orders_text_form() -> None:
    read = read_delivery_order(order())
    assert repr(read.containers[0].salt) not in repr(read)


def test_a_wrong_check_digit_is_refused() -> None:
    with pytest.raises(ContainerCheckDigitWrong):
        order(containers=["MAEU6543210"])


def test_a_container_or_a_condition_named_twice_is_refused() -> None:
    with pytest.raises(DeliveryOrderInconsistent):
        order(containers=CONTAINERS[:1] * 2)
    document = order()
    document["conditions"].append({"kind": "freight", "member": CUSTOMS})
    with pytest.raises(DeliveryOrderInconsistent):
        read_delivery_order(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(remark="x"),
        lambda d: d.pop("title"),
        lambda d: d.update(title="0x" + "AA" * 32),
        lambda d: d.update(title=TITLE + "\n"),
        lambda d: d.update(port="debrv"),
        lambda d: d.update(order_number=""),
        lambda d: d.update(conditions=[]),
        lambda d: d.update(conditions=[{"kind": "lien", "member": CARRIER}]),
        lambda d: d["conditions"][0].update(met=True),
        lambda d: d.update(containers=[]),
        lambda d: d.update(containers=d["containers"] * 9),
        lambda d: d["containers"][0].update(salt="0x" + "00" * 16),
        lambda d: d["containers"][0].update(number="MAEU654321"),
    ],
    ids=range(13),
)
def test_an_order_of_another_form_is_refused(change) -> None:
    document = order()
    change(document)
    with pytest.raises(SchemaRefused):
        read_delivery_order(document)
