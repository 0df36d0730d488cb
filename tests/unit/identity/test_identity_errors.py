"""The error tree: every error is drawn, has its own code, and says what to do."""

from identity import errors
from identity.errors import IdentityError

KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, IdentityError)]


def test_every_error_is_drawn_in_the_tree_and_says_what_to_do() -> None:
    for kind in KINDS:
        assert kind.__name__ in errors.__doc__
        assert kind.what_to_do.endswith(".")


def test_no_two_errors_share_a_code() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
