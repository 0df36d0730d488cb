"""A working set of projection rows: loaded one by one as they are needed, written in bulk.

It is how the follower applies thousands of events in one transaction. The caller owns the
connection and its transaction; rows are plain dicts by column name.
"""

from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Table, select
from sqlalchemy.orm.attributes import manager_of_class
from sqlmodel import SQLModel

from node.store.many import put_many

Row = dict[str, Any]
Key = tuple[Any, ...]
M = TypeVar("M", bound=SQLModel)


class Rows:
    """Rows of one transaction.

    Args:
        connection: in a transaction; reads go through it at once, writes at ``flush``.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        self._known: dict[tuple[str, Key], Row | None] = {}
        self._changed: dict[tuple[str, Key], Table] = {}

    def get(self, model: type[SQLModel], *key: Any) -> Row | None:
        """Return the row of this primary key, to be read only; None if there is none."""
        table = table_of(model)
        name = (table.name, key)
        if name not in self._known:
            found = self._connection.exec_driver_sql(
                f'SELECT * FROM "{table.name}" WHERE {self._is_key(table)}',  # noqa: S608
                key,
            ).first()
            self._known[name] = None if found is None else dict(found._mapping)
        return self._known[name]

    def change(self, model: type[SQLModel], *key: Any) -> Row | None:
        """Return the row to be changed in place; None if there is none."""
        row = self.get(model, *key)
        if row is not None:
            table = table_of(model)
            self._changed[table.name, key] = table
        return row

    def put(self, model: type[SQLModel], **values: Any) -> Row:
        """Add a row, every column named; it replaces one of the same primary key."""
        table = table_of(model)
        key = tuple(values[column.name] for column in table.primary_key)
        self._known[table.name, key] = values
        self._changed[table.name, key] = table
        return values

    def remove(self, model: type[SQLModel], *key: Any) -> None:
        """Delete the row of this primary key, if there is one."""
        table = table_of(model)
        self._known[table.name, key] = None
        self._changed[table.name, key] = table

    def change_where(self, model: type[SQLModel], *clauses: ColumnElement[bool]) -> list[Row]:
        """Return the rows for which all clauses hold, those of this working set included."""
        self.flush()
        table = table_of(model)
        found = self._connection.execute(select(*table.primary_key).where(*clauses)).all()
        rows = [self.change(model, *key) for key in found]
        return [row for row in rows if row is not None]

    def count(self, model: type[SQLModel]) -> int:
        """Return how many rows the table has, those of this working set included."""
        self.flush()
        name = table_of(model).name
        counted = self._connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"')  # noqa: S608
        return int(counted.scalar_one())

    def flush(self) -> None:
        """Write what was changed."""
        written: dict[str, list[Row]] = {}
        removed: dict[str, list[Key]] = {}
        tables = {table.name: table for table in self._changed.values()}
        for name, key in self._changed:
            row = self._known[name, key]
            if row is None:
                removed.setdefault(name, []).append(key)
            else:
                written.setdefault(name, []).append(row)
        for name, rows in written.items():
            put_many(self._connection, tables[name], rows)
        for name, keys in removed.items():
            self._connection.exec_driver_sql(
                f'DELETE FROM "{name}" WHERE {self._is_key(tables[name])}',  # noqa: S608
                keys,
            )
        self._changed.clear()

    def _is_key(self, table: Table) -> str:
        return " AND ".join(f'"{column.name}" = {self._mark}' for column in table.primary_key)


def as_read(model: type[M], values: Row) -> M:
    """Return a row that holds these values as if it had been read; every column is named.

    It belongs to no session. Its constructor would take twenty times as long.
    """
    row: M = manager_of_class(model).new_instance()
    vars(row).update(values)
    return row


def table_of(model: type[SQLModel]) -> Table:
    """Return the SQL table of a model."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]
