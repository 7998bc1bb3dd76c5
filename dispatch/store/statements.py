"""Statements that are built and compiled once, and then run with plain tuples.

Measured: with SQLAlchemy binding each value, a commit of 20 events held the write lock three times as long as SQLite
needed it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Dialect, Table, bindparam, delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.dml import UpdateBase

from dispatch.store import schema

Verb = Literal["insert", "insert_new", "upsert", "upsert_newer", "update", "delete"]
"""``insert_new`` leaves out rows of which some unique key is taken, ``upsert_newer`` those whose ``seq`` does not grow;
``delete`` removes rows that equal all columns.
"""

_DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": asyncpg.dialect(),  # type: ignore[no-untyped-call]
}


class Many(NamedTuple):
    """One verb on many rows of a table. Each of ``rows`` has a value for each of ``columns``, in their order."""

    verb: Verb
    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def run(connection: Connection, many: Many) -> None:
    """Run ``many`` as one statement with many rows; with none it does nothing."""
    if not many.rows:
        return
    sql, ordered = _compiled(connection.dialect.name, many.verb, many.table, many.columns)
    if len(many.rows) == 1:
        connection.exec_driver_sql(sql, ordered(many.rows[0]))
    else:
        connection.exec_driver_sql(sql, [ordered(row) for row in many.rows])


@cache
def _compiled(
    dialect: str, verb: Verb, name: str, columns: tuple[str, ...]
) -> tuple[str, Callable[[Sequence[Any]], tuple[Any, ...]]]:
    """The driver's text, and what brings a row's values into the order of its parameters."""
    statement = _statement(dialect, verb, schema.metadata.tables[name], columns)
    compiled = statement.compile(dialect=_DIALECTS[dialect])
    names = [bind.removeprefix("of_") for bind in compiled.positiontup or ()]
    if names == list(columns):
        return str(compiled), tuple
    return str(compiled), itemgetter(*(columns.index(bind) for bind in names))


def _statement(dialect: str, verb: Verb, table: Table, columns: tuple[str, ...]) -> UpdateBase:
    values = {column: bindparam(f"of_{column}", type_=table.c[column].type) for column in columns}
    keys = [column.name for column in table.primary_key]
    equal = [table.c[column] == value for column, value in values.items()]
    match verb:
        case "insert":
            return insert(table).values(values)
        case "delete":
            return delete(table).where(*equal)
        case "update":
            is_key = [column in keys for column in columns]
            rest = {column: values[column] for column in columns if column not in keys}
            return update(table).where(*(it for it, key in zip(equal, is_key, strict=True) if key)).values(rest)
        case _:
            return _on_conflict(dialect, verb, table, values)


def _on_conflict(dialect: str, verb: Verb, table: Table, values: dict[str, Any]) -> UpdateBase:
    keys = [column.name for column in table.primary_key]
    insertion = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    statement = insertion.values(values)
    settable = {column: statement.excluded[column] for column in values if column not in keys}
    if verb == "insert_new" or not settable:
        return statement.on_conflict_do_nothing()
    where = table.c["seq"] < statement.excluded["seq"] if verb == "upsert_newer" else None
    return statement.on_conflict_do_update(index_elements=keys, set_=settable, where=where)
