"""Which Excel table can an office fill in: `gridkeeper template KIND`?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gis.errors import InputError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("template")(template)


def template(
    kind: Annotated[str, typer.Argument(help="A kind of data, as for `gridkeeper import`; `all` writes every one.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; by default KIND.xlsx here.")
    ] = None,
) -> None:
    """Write an Excel table with Chinese headers that can be filled in and imported as it is."""
    from data.templates import template_book  # noqa: PLC0415 - other commands should not wait for these
    from gis.ingest import KINDS  # noqa: PLC0415

    if kind not in {*KINDS, "all"}:
        raise InputError(f"'{kind}' is no kind of data.", f"Kinds are {', '.join(KINDS)}.")
    if kind == "all" and out is not None:
        raise InputError("Every kind has a table of its own.", "Leave --out away, or name one kind.")
    for name in KINDS if kind == "all" else (kind,):
        file = out or Path(f"{name}.xlsx")
        if file.suffix.lower() != ".xlsx":
            raise InputError(f"{file.name} is no name of an Excel file.", "Write --out NAME.xlsx.")
        if file.exists() and kind == "all":
            print(f"{KINDS[name].label['zh']}: {file} is there already and stays as it is.")
            continue
        if file.exists():
            raise InputError(f"{file} is there already.", "Name another with --out; nothing was written.")
        file.parent.mkdir(parents=True, exist_ok=True)
        template_book(name).save(file)
        print(f"{KINDS[name].label['zh']}: {file}")
