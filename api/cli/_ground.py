"""Which files does a command read a district from, what counts as even there, and where is it computed?"""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "Barriers",
    "CommunityField",
    "Compounds",
    "EventFile",
    "HouseholdsField",
    "Jobs",
    "KeyPersonFile",
    "Landcover",
    "Maximum",
    "MetricCrs",
    "Minimum",
    "PartFile",
    "Seed",
]

HouseholdsField = Annotated[str | None, typer.Option(help="Column of households in the buildings.")]
CommunityField = Annotated[str | None, typer.Option(help="Column of the community's id.")]
Barriers = Annotated[
    list[str] | None,
    typer.Option(help="FILE or FILE:kind=street,class=COLUMN; street, water, rail or wall. May be repeated."),
]
Compounds = Annotated[str | None, typer.Option(help="Walled compounds, kept whole where possible.")]
Landcover = Annotated[str | None, typer.Option(help="Land cover; its edges bound blocks.")]
PartFile = Annotated[str | None, typer.Option(help="Municipal parts, where the load counts them.")]
EventFile = Annotated[str | None, typer.Option(help="Events; a load counts those of the last 365 days.")]
KeyPersonFile = Annotated[
    str | None, typer.Option(help="Points of key persons, if no column of the buildings counts them.")
]
Minimum = Annotated[float | None, typer.Option("--min", help="By default 0.75 of the target.")]
Maximum = Annotated[float | None, typer.Option("--max", help="By default 1.5 of the target.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]
Jobs = Annotated[int, typer.Option(min=1, help="Processes side by side; the result does not depend on it.")]
MetricCrs = Annotated[str | None, typer.Option(help="CRS in metres to compute in, e.g. EPSG:26986.")]
