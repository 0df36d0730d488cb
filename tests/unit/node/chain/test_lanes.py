"""Which acts go together, and under which relay key."""

from typing import Any

from node.chain.lanes import MAX_OPEN_TRANSACTIONS, Lane, Load, next_load, next_loads
from node.commands.queue import WaitingAct

NOW = 1_800_000_000
IDLE, OTHER = Lane("0xa", 0), Lane("0xb", 0)


def act(number: int, sequence: str | None = None, **changes: Any) -> WaitingAct:
    given: dict[str, Any] = {
        "number": number, "id": str(number), "verb": "Offer", "object": sequence,
        "contract": "Titles", "sequence": sequence or f"title {number}", "batch_limit": 0,
        "since": NOW, "wire": b"",
    }  # fmt: skip
    return WaitingAct(**given | changes)


def numbers(load: Load | None) -> list[int]:
    return [] if load is None else [each.number for each in load.acts]


def test_one_act_goes_at_once_when_nothing_is_under_way() -> None:
    assert next_load([act(1)], {}, [IDLE], NOW) == Load("0xa", (act(1),))


def test_what_waits_together_goes_together_up_to_fifty() -> None:
    assert numbers(next_load([act(n) for n in range(70)], {}, [IDLE], NOW)) == list(range(50))


def test_the_more_is_under_way_the_more_acts_a_transaction_has_to_carry() -> None:
    wanted = []
    for count in range(MAX_OPEN_TRANSACTIONS):
        lane = Lane("0xa", count)
        wanted.append(
            next(n for n in range(1, 51) if next_load([act(i) for i in range(n)], {}, [lane], NOW))
        )
    assert wanted == [1, 1, 2, 4, 8, 16, 32, *[50] * (MAX_OPEN_TRANSACTIONS - 7)]
    assert next_load([act(1)], {}, [Lane("0xa", MAX_OPEN_TRANSACTIONS)], NOW) is None


def test_no_act_waits_for_others_longer_than_two_seconds() -> None:
    assert numbers(next_load([act(1, since=NOW - 2)], {}, [Lane("0xa", 5)], NOW)) == [1]


def test_the_key_with_the_fewest_open_transactions_is_taken() -> None:
    load = next_load([act(1)], {}, [Lane("0xa", 2), Lane("0xb", 1)], NOW)
    assert load is not None
    assert load.relayer == "0xb"


def test_an_act_follows_the_one_before_it_on_its_object_in_the_same_lane() -> None:
    waiting = [act(1, "title"), act(2), act(3, "title")]
    load = next_load(waiting, {"title": "0xb"}, [IDLE, Lane("0xb", 1)], NOW)
    assert (load and load.relayer, numbers(load)) == ("0xb", [1, 3])


def test_a_stuck_key_holds_up_only_what_is_under_way_in_it() -> None:
    stuck = Lane("0xb", MAX_OPEN_TRANSACTIONS, stuck=True)
    load = next_load([act(1, "title"), act(2)], {"title": "0xb"}, [IDLE, stuck], NOW)
    assert (load and load.relayer, numbers(load)) == ("0xa", [2])


def test_acts_that_are_not_bound_to_a_stuck_key_do_not_join_it() -> None:
    stuck = Lane("0xb", 5, stuck=True)
    waiting = [act(1, "title"), act(2)]
    load = next_load(waiting, {"title": "0xb"}, [IDLE, stuck], NOW)
    assert (load and load.relayer, numbers(load)) == ("0xa", [2])
    load = next_load([act(1, "title", since=NOW - 9), act(2)], {"title": "0xb"}, [IDLE, stuck], NOW)
    assert (load and load.relayer, numbers(load)) == ("0xb", [1])


def test_a_key_that_the_ledger_refuses_is_not_used() -> None:
    assert next_load([act(1)], {}, [Lane("0xa", 0, usable=False)], NOW) is None
    load = next_load([act(1)], {}, [Lane("0xa", 0, usable=False), OTHER], NOW)
    assert load is not None
    assert load.relayer == "0xb"


def test_acts_for_another_contract_go_next_and_nothing_overtakes_them_on_their_object() -> None:
    waiting = [act(1), act(2, "order", contract="Releases"), act(3, "order"), act(4)]
    assert numbers(next_load(waiting, {}, [IDLE], NOW)) == [1, 4]


def test_suspects_go_apart_from_others_and_in_halves() -> None:
    waiting = [act(n, batch_limit=2) for n in range(4)] + [act(9)]
    assert numbers(next_load(waiting, {}, [IDLE], NOW)) == [0, 1]
    assert numbers(next_load(waiting[2:], {}, [IDLE], NOW)) == [2, 3]


def test_suspects_do_not_wait_for_company() -> None:
    assert numbers(next_load([act(1, batch_limit=3)], {}, [Lane("0xa", 6)], NOW)) == [1]


def test_all_that_may_go_is_chosen_at_once_as_if_one_after_the_other() -> None:
    waiting = [act(n) for n in range(120)]
    loads = next_loads(waiting, {}, [IDLE, Lane("0xb", 1)], NOW, len)
    assert [(load.relayer, len(load.acts)) for load in loads] == [
        ("0xa", 50), ("0xa", 50), ("0xb", 20),
    ]  # fmt: skip
    assert [one.number for load in loads for one in load.acts] == list(range(120))


def test_what_does_not_fit_one_transaction_goes_with_the_next() -> None:
    loads = next_loads([act(n) for n in range(6)], {}, [IDLE], NOW, lambda acts: min(2, len(acts)))
    assert [numbers(load) for load in loads] == [[0, 1], [2, 3], [4, 5]]
