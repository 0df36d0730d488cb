"""Runs the state machine for so many acts, from a stated seed."""

from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from model.ledger import Network
from model.machine import TitleLife

STEPS = 25


def run(network: Network, cases: int, from_seed: int) -> Counter[str]:
    """Play ``cases`` cases of ``STEPS`` steps and return what was counted.

    The same seed gives the same cases while model, table and contracts are the same.

    Raises:
        Disagreement: model and chain differ; the case is the shortest that hypothesis finds.
    """
    TitleLife.network = network
    TitleLife.count.clear()
    run_state_machine_as_test(
        seed(from_seed)(TitleLife),
        settings=settings(
            max_examples=cases,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            print_blob=False,
            report_multiple_bugs=False,
        ),
    )
    return Counter(TitleLife.count)
