"""How does a command say what a division is to be like, into how many grids, and how long the search may take?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gis.errors import InputError

__all__ = [
    "Count",
    "HardBarriers",
    "KeepOld",
    "KeepWhole",
    "LoadText",
    "LockGrid",
    "Seconds",
    "StagesFile",
    "Style",
    "check_folder",
    "is_free",
    "names_of",
    "read_stages",
]

Style = Annotated[str, typer.Option(help="What counts most: balanced, compact or street-true.")]
Count = Annotated[
    str,
    typer.Option("--k", metavar="rule|free", help="Number of grids: households / target, or what fits best in limits."),
]
KeepOld = Annotated[
    str | None,
    typer.Option(help="Keep grids that are there now whole: loosely, mostly or strictly; else all are made anew."),
]
LockGrid = Annotated[list[str] | None, typer.Option(help="A grid that stays as it is. May be repeated.")]
Seconds = Annotated[
    float | None, typer.Option(help="Wall clock of the search, at most; the report records what makes the plan again.")
]
StagesFile = Annotated[
    Path | None, typer.Option("--steps", help="Report of a plan that --seconds cut: makes the same plan again.")
]


LoadText = Annotated[
    str,
    typer.Option(
        "--load",
        help="What is balanced: households, or a weighted sum of households, people, parts, parts:CLASS, events (of a "
        "year), key_persons and area (km²), e.g. households=1,parts=0.05,events=0.2. Target and limits are then in its "
        "units; by default there are as many grids as of households.",
    ),
]
KeepWhole = Annotated[
    str | None, typer.Option(metavar="compounds|blocks", help="What no grid divides unless it is above the maximum.")
]
HardBarriers = Annotated[
    str | None,
    typer.Option(help="What no grid crosses but on a bridge or through a tunnel, e.g. water,rail,expressway."),
]


def check_folder(file: Path | None) -> Path | None:
    """Refuse a file in a folder that there is not, before any work is done.

    Raises
    ------
    InputError
    """
    if file is not None and not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", "Make it first.")
    return file


def names_of(listed: str | None) -> list[str]:
    """Names of a list with commas."""
    return [] if listed is None else [name.strip() for name in listed.split(",") if name.strip()]


def is_free(count: str) -> bool:
    """Whether the number of grids is free.

    Raises
    ------
    InputError
        It is neither ``rule`` nor ``free``.
    """
    if count not in {"rule", "free"}:
        raise InputError(f"--k {count} is no way to count grids.", "Give --k rule (households / target) or --k free.")
    return count == "free"


def read_stages(path: Path | None, proposal: tuple[str, int] | None = None) -> dict[str, Any] | None:
    """Read how far a search went from the report of its plan; None where there is no report, or it was not cut.

    Parameters
    ----------
    proposal : (str, int), optional
        Style and seed of the one that is meant, where the report may be of several.

    Raises
    ------
    InputError
        It is no such report.
    """
    if path is None:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made: dict[Any, Any] = {(one["style"], one["seed"]): one for one in content.get("proposals", [])}
        mine = made.get(proposal) if made else content["settings"]
        stages = None if mine is None else mine.get("stages")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise InputError(
            f"{path} is no report of a plan.", "Give the file that --report of the command that made the plan wrote."
        ) from fault
    if mine is None:
        raise InputError(
            f"{path} has no proposal of style {proposal[0]} and seed {proposal[1]}."
            if proposal
            else f"{path} is the report of several proposals.",
            f"Name one of it: {', '.join(f'--style {style} --seed {seed}' for style, seed in made)}.",
        )
    if not isinstance(stages, dict | None):
        raise InputError(f"The stages in {path} are no record of a search.", "Give the report as it was written.")
    return stages
