"""How does a test run `gridkeeper import` and see whether the database changed?"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import psycopg
from psycopg import sql

from api.cli import main

TABLES = (
    "district", "division", "compound", "landcover", "barrier", "building", "household_count", "part", "event",
    "grid_worker", "import_run", "layer_version",
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """What a command said."""

    code: int
    out: str
    err: str


def run(capsys, monkeypatch, database, *arguments: object) -> Ran:
    """Run one command in this process as its user would."""
    monkeypatch.setenv("GRIDKEEPER_OWNER_URL", database.owner_url)
    monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", database.app_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["gridkeeper", *map(str, arguments)])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return Ran(code, said.out, said.err)


def contents(database) -> dict[str, tuple[int, str]]:
    """Rows of every table and a digest of what they hold."""
    with psycopg.connect(database.owner_url) as connection:
        return {
            table: connection.execute(
                sql.SQL(
                    "SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
                ).format(sql.Identifier(table))
            ).fetchone()
            for table in TABLES
        }
