"""How commands speak: words for people, one JSON value on standard output with ``--json``.

Errors go to standard error: code, sentence, what to do. What takes longer than a moment shows a
spinner, on a terminal only.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from api.cli.errors import Coded

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]


def show(value: Any, as_json: bool, render: Callable[[Any], str]) -> None:
    """Print ``value``: as JSON, or as ``render`` words it."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(render(value).rstrip() + "\n")


def show_error(error: Coded, as_json: bool) -> None:
    """Print an error's code, sentence and what to do on standard error."""
    if as_json:
        value = {"code": error.code, "detail": error.message, "what_to_do": error.what_to_do}
        sys.stderr.write(json.dumps(value, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"{error.code}: {error.message}\n{error.what_to_do}\n")


@contextlib.contextmanager
def working(says: str) -> Iterator[None]:
    """Show that work goes on, where a person watches."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(says):
        yield


def table(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Rows as aligned columns under their names; ``none`` says that there are none."""
    if not rows:
        return "none"
    cells = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def fields(value: dict[str, Any], indent: str = "") -> str:
    """A JSON object as indented lines, name and value."""
    lines: list[str] = []
    for name, item in value.items():
        if isinstance(item, dict):
            lines += [f"{indent}{name}:", fields(item, indent + "  ")]
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{indent}{name}:")
            lines += [fields(entry, indent + "  ") for entry in item]
        else:
            lines.append(f"{indent}{name}: {_cell(item)}")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
