"""One office a scheme, founded once: key stores cost a tenth of a second each."""

from pathlib import Path

import pytest
from support.authorities import Office


@pytest.fixture(scope="session")
def offices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Office]:
    directory: Path = tmp_path_factory.mktemp("member")
    return {scheme: Office.found(directory, scheme) for scheme in ("p256", "sm2")}


@pytest.fixture(params=["p256", "sm2"])
def office(request: pytest.FixtureRequest, offices: dict[str, Office]) -> Office:
    return offices[request.param]
