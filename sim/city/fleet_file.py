"""A fleet as a file: CSV of ``vehicle,driver,pin``, what drivers' apps need to sign in."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sim.city.config import CarAccount

COLUMNS: Final = ("vehicle", "driver", "pin")


class FleetFileError(ValueError):
    """The file is not such a CSV; the text says where."""


def read_fleet(path: Path) -> tuple[CarAccount, ...]:
    """The accounts in ``path``. Raises :class:`FleetFileError`, ``OSError``."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise FleetFileError(f"{path}: no column {missing[0]!r}")
        accounts = tuple(_account(path, rows.line_num, row) for row in rows)
    if not accounts:
        raise FleetFileError(f"{path}: no cars")
    return accounts


def _account(path: Path, line: int, row: dict[str, str]) -> CarAccount:
    fields = {name: (row[name] or "").strip() for name in COLUMNS}
    if not all(fields.values()):
        raise FleetFileError(f"{path}, line {line}: vehicle, driver and pin must be there")
    return CarAccount(**fields)


def write_fleet(path: Path, accounts: Iterable[CarAccount]) -> None:
    """Write the accounts to a file that only its owner reads: it holds PINs."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows((account.vehicle, account.driver, account.pin) for account in accounts)
