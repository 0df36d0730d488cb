"""The error tree of privacy is complete and its codes are stable."""

from collections.abc import Iterator

from privacy.errors import Invalid, PrivacyError, Refused


def leaves(tree: type[PrivacyError]) -> Iterator[type[PrivacyError]]:
    for error in tree.__subclasses__():
        yield from leaves(error) if error.__subclasses__() else [error]


def test_every_error_has_its_own_code_and_says_what_to_do() -> None:
    errors = list(leaves(PrivacyError))
    assert len({error.code for error in errors}) == len(errors)
    for error in errors:
        assert error.code == error.code.upper()
        assert "what_to_do" in vars(error)
        assert issubclass(error, Invalid) != issubclass(error, Refused)


def test_every_error_is_drawn_in_the_modules_tree() -> None:
    import privacy.errors

    for error in leaves(PrivacyError):
        assert error.__name__ in (privacy.errors.__doc__ or "")
