"""How does one get a fictional district to try things on?"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar

__all__ = ["register"]


def sample(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; made when missing.")],
    households: Annotated[int, typer.Option(help="Households in all, 500 to 3,000,000.")] = 30_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same district.")] = 1,
) -> None:
    """Write a fictional district: divisions, buildings, streets, parts, a year of events, grid workers."""
    from data.sample import make_sample, write_sample  # noqa: PLC0415 - other commands need not wait for it

    console = Console(stderr=True)
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("sample", total=None)
        made = make_sample(
            households,
            seed,
            progress=lambda label, done, total: bar.update(task, description=label, completed=done, total=total),
        )
        bar.update(task, description="sample: files")
        paths = write_sample(made, out)
    for path in paths:
        print(path)
    levels = made.divisions["level"].value_counts()
    console.print(
        f"{households:,} households in {levels['community']} communities of {levels['subdistrict']} subdistricts, "
        f"{len(made.buildings):,} buildings, {len(made.parts):,} parts, {len(made.events):,} events, "
        f"{len(made.workers):,} grid workers. All of it is fictional."
    )


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("sample")(sample)
