"""Every error of every package that can reach the API has a status, a code and advice."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import identity
import node
import privacy
from api.http.problems import ROOTS, TITLES, problem, status_of


def walk(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from walk(child)


def import_all_errors() -> None:
    """Trees grow in several files: import every ``errors`` module there is."""
    for package in (identity, privacy, node):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.rpartition(".")[2] == "errors":
                importlib.import_module(module.name)


import_all_errors()
ERRORS = sorted(
    {kind for root in ROOTS for kind in walk(root)},
    key=lambda kind: (kind.__module__, kind.__qualname__),
)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_error_has_a_status_with_a_title(kind: type[Exception]) -> None:
    assert status_of(kind) in TITLES


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_error_has_a_code_and_says_what_to_do(kind: type[Exception]) -> None:
    assert isinstance(getattr(kind, "code", None), str)
    assert isinstance(getattr(kind, "what_to_do", None), str)


def test_an_error_outside_the_trees_has_no_status() -> None:
    with pytest.raises(KeyError):
        status_of(ValueError)


def test_facts_are_plain_json_and_bytes_are_hex() -> None:
    response = problem(
        409, "X", "a", "b", {"id": b"\x01", "many": [b"\x02", {"n": None}], "e": set}
    )
    assert b'"0x01"' in bytes(response.body)
    assert b'["0x02",{"n":null}]' in bytes(response.body)
    assert response.media_type == "application/problem+json"


def test_a_missing_credential_names_the_scheme() -> None:
    assert "Bearer" in problem(401, "X", "a", "b").headers["www-authenticate"]
