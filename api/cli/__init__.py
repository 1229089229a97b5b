"""Which commands does `gridkeeper` have? One module a family; this is their table of contents."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from api.cli._show import keep_stdout
from gis.errors import GridkeeperError

__all__ = ["app", "main"]

FAMILIES = (
    "files",
    "importing",
    "templates",
    "districts",
    "plans",
    "rebalancing",
    "regrouping",
    "moves",
    "networks",
    "jobs",
    "streets",
    "sample",
    "serving",
    "database",
    "exporting",
)

app = typer.Typer(
    name="gridkeeper",
    help="Divide communities into grids, keep them, and say which grid is responsible.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for _family in FAMILIES:
    import_module(f"api.cli.{_family}").register(app)


def main() -> None:
    """Run the command line; a known fault is one message on stderr and its exit code."""
    keep_stdout()
    try:
        app()
    except GridkeeperError as fault:
        print(f"gridkeeper: {fault}", file=sys.stderr)
        sys.exit(fault.exit_code)
