"""How does a command say what a division is to be like, and into how many grids?"""

from __future__ import annotations

from typing import Annotated

import typer

from gis.errors import InputError

__all__ = ["Count", "Style", "is_free"]

Style = Annotated[str, typer.Option(help="What counts most: balanced, compact or street-true.")]
Count = Annotated[
    str,
    typer.Option("--k", metavar="rule|free", help="Number of grids: households / target, or what fits best in limits."),
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
