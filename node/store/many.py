"""Writes and reads many rows of a table with one statement: the hot paths' way past the ORM.

On PostgreSQL the rows travel as one JSON text, which the server takes apart; so a row costs
neither a message nor parameters of its own. SQLite, in the process, takes them one by one. Values
are what JSON has, and bytes. The caller owns the connection and its transaction.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, Connection, Table
from sqlalchemy.engine.default import DefaultDialect

Rows = Sequence[Mapping[str, Any]]
_NAMES = DefaultDialect().identifier_preparer


def insert_many(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, which all name the same columns; the database gives the others' values."""
    _run(connection, _insert, table, rows)


def put_many(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows of every column; one of the same primary key takes the new values."""
    _run(connection, _put, table, rows)


def update_many(connection: Connection, table: Table, key: str, rows: Rows) -> None:
    """Give each row that ``key``, one of the columns, names the other columns' values.

    All rows name the same columns; of two with the same key the later one counts.
    """
    by_key = {row[key]: row for row in rows}
    _run(connection, _update, table, list(by_key.values()), key)


def read_many(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    key: str,
    values: Collection[Any],
    **equal: Any,
) -> list[tuple[Any, ...]]:
    """Return these columns of the rows whose ``key`` is one of ``values``, in no order.

    ``equal``: what else the rows hold, by column.
    """
    if not values:
        return []
    postgresql = connection.dialect.name == "postgresql"
    statement = _read(table, tuple(names), postgresql, key, tuple(equal))
    listed = list(values) if postgresql else json.dumps(list(values))
    given = (listed, *equal.values())
    found = [tuple(row) for row in connection.exec_driver_sql(statement, given)]
    if postgresql or not _documents(table) & set(names):
        return found
    is_document = [name in _documents(table) for name in names]
    return [
        tuple(
            json.loads(value) if document and value is not None else value
            for value, document in zip(row, is_document, strict=True)
        )
        for row in found
    ]


def _run(connection: Connection, make: Any, table: Table, rows: Rows, *more: str) -> None:
    if not rows:
        return
    names = tuple(rows[0])
    postgresql = connection.dialect.name == "postgresql"
    statement = make(table, names, postgresql, *more)
    if postgresql:
        given = json.dumps(rows, separators=(",", ":"), default=_bytea)
        connection.exec_driver_sql(statement, (given,))
        return
    last = [name for name in names if name in more]  # an update's key stands behind its values
    order = [name for name in names if name not in last] + last
    documents = _documents(table)
    connection.exec_driver_sql(
        statement,
        [tuple(_plain(row[name], name in documents) for name in order) for row in rows],
    )


def _bytea(value: object) -> str:
    """Return bytes as PostgreSQL reads them from text."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return "\\x" + value.hex()


def _plain(value: Any, is_document: bool) -> Any:
    return json.dumps(value) if is_document and value is not None else value


@cache
def _documents(table: Table) -> frozenset[str]:
    """Return the names of the columns that hold JSON."""
    return frozenset(column.name for column in table.columns if isinstance(column.type, JSON))


@cache
def _insert(table: Table, names: tuple[str, ...], postgresql: bool) -> str:
    columns = _list(names)
    if postgresql:
        return f"INSERT INTO {_name(table)} ({columns}) SELECT {columns} FROM {_given(table)}"  # noqa: S608
    return f"INSERT INTO {_name(table)} ({columns}) VALUES ({_marks(names)})"  # noqa: S608


@cache
def _read(
    table: Table, names: tuple[str, ...], postgresql: bool, key: str, equal: tuple[str, ...]
) -> str:
    among = "= ANY(%s)" if postgresql else "IN (SELECT value FROM json_each(?))"
    mark = "%s" if postgresql else "?"
    rest = "".join(f' AND "{name}" = {mark}' for name in equal)
    return f'SELECT {_list(names)} FROM {_name(table)} WHERE "{key}" {among}{rest}'  # noqa: S608


@cache
def _put(table: Table, names: tuple[str, ...], postgresql: bool) -> str:
    key = [column.name for column in table.primary_key]
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in key)
    does = f"DO UPDATE SET {new}" if new else "DO NOTHING"
    return f"{_insert(table, names, postgresql)} ON CONFLICT ({_list(key)}) {does}"


@cache
def _update(table: Table, names: tuple[str, ...], postgresql: bool, key: str) -> str:
    changed = [name for name in names if name != key]
    if not postgresql:
        values = ", ".join(f'"{name}" = ?' for name in changed)
        return f'UPDATE {_name(table)} SET {values} WHERE "{key}" = ?'  # noqa: S608
    values = ", ".join(f'"{name}" = given."{name}"' for name in changed)
    return (
        f"UPDATE {_name(table)} AS old SET {values} FROM {_given(table)}"  # noqa: S608
        f' WHERE old."{key}" = given."{key}"'
    )


def _name(table: Table) -> str:
    """Return the table's name as SQLAlchemy would write it; errors are told apart by it."""
    return _NAMES.format_table(table)


def _given(table: Table) -> str:
    return f"json_populate_recordset(NULL::{_name(table)}, %s::json) AS given"


def _list(names: Collection[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _marks(names: Collection[str]) -> str:
    return ", ".join("?" for _ in names)
