"""What is generated from the acts' data is committed as the data has it."""

from pathlib import Path

import pytest

from identity.acts import generate


@pytest.mark.parametrize("path", generate.generated(), ids=lambda path: path.name)
def test_a_generated_file_is_not_stale(path: Path) -> None:
    wanted = generate.generated()[path]
    assert path.read_text() == wanted, "run: python -m identity.acts.generate"
