"""Which districts are measured, and what did their cells cost?"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.sample import make_sample, write_sample
from gis.cells import CellSettings
from gis.errors import InputError
from gis.files import read_ground
from gis.partition import Effort
from gis.progress import quiet

if TYPE_CHECKING:
    from gis.graph import Tessellation

DATA = "GRIDKEEPER_BENCH_DATA"
TARGET, MINIMUM, MAXIMUM = 200.0, 150.0, 300.0
BARE = Effort(runs=1, steps_per_cell=0, rounds=0, passes=0)
"""No search: a start from random trees alone."""
NAMES = {
    "buildings": ("buildings", "lots"),
    "communities": ("communities", "divisions"),
    "barriers": ("barriers", "streets", "rail", "water"),
    "compounds": ("compounds",),
    "landcover": ("landcover",),
}
SUFFIXES = {".parquet", ".gpkg", ".geojson", ".csv", ".shp", ".zip"}


@dataclass(frozen=True)
class Ground:
    """A district in cells; `lines` are its streets, waters and rails in metres, `cpu_s` what the cells cost."""

    name: str
    tessellation: Tessellation
    lines: np.ndarray
    cpu_s: float


def folders() -> list[Path]:
    """Folders of districts named in the environment, separated as in PATH."""
    return [Path(name) for name in os.environ.get(DATA, "").split(os.pathsep) if name]


def sample_folder(out: Path, households: int, seed: int = 1) -> Path:
    """Write a sample district, as `gridkeeper sample` does."""
    write_sample(make_sample(households, seed), out)
    return out


def files_of(folder: Path) -> dict[str, list[Path]]:
    """Files of a district by what they hold."""
    there = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES}
    found = {kind: [there[name] for name in names if name in there] for kind, names in NAMES.items()}
    for kind in ("buildings", "communities"):
        if not found[kind]:
            raise InputError(f"{folder} has no {kind}.", f"Name a folder with {' or '.join(NAMES[kind])} in it.")
    return found


def measured_ground(folder: Path, *, households: str | None = None, community: str | None = None) -> Ground:
    """Read a district as `gridkeeper partition` does, with names of columns as there, and make its cells."""
    files = files_of(folder)
    read = read_ground(
        files["buildings"][0],
        files["communities"][0],
        barriers=files["barriers"],
        compounds=next(iter(files["compounds"]), None),
        landcover=next(iter(files["landcover"]), None),
        households_field=households,
        community_field=community,
        options=None,
        reports=[],
        progress=quiet,
    )
    start = time.process_time()
    tessellation = read.cells(CellSettings(minimum_load=MINIMUM), executor=None, progress=quiet)
    seconds = time.process_time() - start
    lines = np.empty(0, object)
    if read.barriers is not None:
        seen = read.barriers[read.barriers["kind"] != "wall"].to_crs(tessellation.cells.crs)
        lines = shapely.get_parts(np.asarray(seen.geometry.values, object))
    return Ground(folder.name, tessellation, lines, seconds)
