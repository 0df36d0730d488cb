"""Each refusal of an evidence file has its own stable code."""

from node.evidence import errors
from node.evidence.errors import EvidenceRefused


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = EvidenceRefused.__subclasses__()
    codes = {kind.code for kind in kinds}
    assert len(codes) == len(kinds) >= 18
    assert EvidenceRefused.code not in codes


def test_no_refusal_is_hidden_from_the_module() -> None:
    for kind in EvidenceRefused.__subclasses__():
        assert getattr(errors, kind.__name__) is kind
        assert kind.__doc__
        assert kind.what_to_do
