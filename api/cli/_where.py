"""Where is the work of a command done: here, on a cluster, or in the background?"""

from __future__ import annotations

from typing import Annotated

import typer

from gis.errors import InputError

__all__ = ["Cluster", "check_here"]

Cluster = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="dask://HOST:PORT",
        help="Do it on the workers of a Dask cluster (gridkeeper\\[dask]) instead of --jobs.",
    ),
]


def check_here(background: bool, cluster: str | None) -> None:
    """Refuse a cluster for work that a worker in the background does with its own processes."""
    if background and cluster is not None:
        raise InputError(
            "Work in the background is done by the processes of `gridkeeper worker`.",
            "Leave out --background or --executor.",
        )
