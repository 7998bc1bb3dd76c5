"""Bulk statements that are built and compiled once, and then run with plain tuples.

Measured on SQLite: a commit of one event takes 0.74 ms instead of 0.99 ms with SQLAlchemy binding each value; a commit
of 20 events with their replies and rows 2.0 ms instead of 3.5 ms, most of it with the write lock held.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Connection, Dialect, Table, bindparam, delete, func, select, update
from sqlalchemy import column as sql_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.dml import UpdateBase

from dispatch.store import tables as schema

_Insert = sqlite.Insert | postgresql.Insert

Verb = Literal["insert", "insert_new", "upsert", "upsert_newer", "upsert_not_older", "update", "delete"]
"""``insert_new`` skips rows with a unique key that is taken, ``upsert_newer`` rows whose ``seq`` is not higher,
``upsert_not_older`` rows whose ``seq`` is lower; ``delete`` removes rows that are equal in all columns.
"""

_DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": asyncpg.dialect(),  # type: ignore[no-untyped-call]
}


class Many(NamedTuple):
    """One verb on many rows of a table. Each of ``rows`` has one value for each of ``columns``, in their order."""

    verb: Verb
    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def run(connection: Connection, many: Many) -> None:
    """Run ``many``; nothing happens without rows.

    SQLite executes it once per row. PostgreSQL executes it once, with an array for each column, to save round trips.
    """
    if not many.rows:
        return
    dialect = connection.dialect.name
    sql, order = _compiled(dialect, many.verb, many.table, many.columns)
    if dialect == "postgresql":
        arrays = list(zip(*many.rows, strict=True))
        connection.exec_driver_sql(sql, tuple(arrays[index] for index in order))
        return
    ordered = [tuple(row[index] for index in order) for row in many.rows]
    connection.exec_driver_sql(sql, ordered[0] if len(ordered) == 1 else ordered)


@cache
def _compiled(dialect: str, verb: Verb, name: str, columns: tuple[str, ...]) -> tuple[str, tuple[int, ...]]:
    """The driver's SQL text, and the column index of each of its parameters."""
    table = schema.metadata.tables[name]
    if dialect == "postgresql":
        statement = _statement(postgresql.insert(table), verb, table, _arrays(table, columns))
    else:
        values = {column: bindparam(f"of_{column}", type_=table.c[column].type) for column in columns}
        statement = _statement(sqlite.insert(table), verb, table, values)
    compiled = statement.compile(dialect=_DIALECTS[dialect])
    names = compiled.positiontup or ()
    return str(compiled), tuple(columns.index(bind.removeprefix("of_")) for bind in names)


def _arrays(table: Table, columns: tuple[str, ...]) -> dict[str, ColumnElement[Any]]:
    """The columns of ``unnest($1, $2, …)``, which yields one row per array position."""
    types = {column: table.c[column].type for column in columns}
    arrays = (bindparam(f"of_{column}", type_=ARRAY(of)) for column, of in types.items())
    rows = func.unnest(*arrays).table_valued(*(sql_column(name, of) for name, of in types.items()), name="rows")
    rows = rows.render_derived()
    return {column: rows.c[column] for column in columns}


def _statement(insertion: _Insert, verb: Verb, table: Table, values: Mapping[str, ColumnElement[Any]]) -> UpdateBase:
    keys = [column.name for column in table.primary_key]
    match verb:
        case "delete":
            return delete(table).where(*(table.c[column] == value for column, value in values.items()))
        case "update":
            equal = (table.c[column] == value for column, value in values.items() if column in keys)
            return update(table).where(*equal).values({it: values[it] for it in values if it not in keys})
        case _:
            return _on_conflict(_filled(insertion, values), verb, table, list(values), keys)


def _filled(insertion: _Insert, values: Mapping[str, ColumnElement[Any]]) -> _Insert:
    if isinstance(insertion, sqlite.Insert):
        return insertion.values(values)
    return insertion.from_select(list(values), select(*values.values()))


def _on_conflict(insertion: _Insert, verb: Verb, table: Table, columns: list[str], keys: list[str]) -> UpdateBase:
    if verb == "insert":
        return insertion
    settable = {column: insertion.excluded[column] for column in columns if column not in keys}
    if verb == "insert_new" or not settable:
        return insertion.on_conflict_do_nothing()
    where = None
    if verb == "upsert_newer":
        where = table.c["seq"] < insertion.excluded["seq"]
    elif verb == "upsert_not_older":
        where = table.c["seq"] <= insertion.excluded["seq"]
    return insertion.on_conflict_do_update(index_elements=keys, set_=settable, where=where)
