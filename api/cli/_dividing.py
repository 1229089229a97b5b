"""How does a command say what a division is to be like, and into how many grids?"""

from __future__ import annotations

from typing import Annotated

import typer

from gis.errors import InputError

__all__ = ["Count", "HardBarriers", "KeepWhole", "LoadText", "Style", "is_free"]

Style = Annotated[str, typer.Option(help="What counts most: balanced, compact or street-true.")]
Count = Annotated[
    str,
    typer.Option("--k", metavar="rule|free", help="Number of grids: households / target, or what fits best in limits."),
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
