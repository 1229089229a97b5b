"""Which districts are measured, and what did their cells cost?"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

import gis.files
from data.sample import make_sample, write_sample
from gis.errors import InputError
from gis.files import partition_files
from gis.partition import Effort

if TYPE_CHECKING:
    from gis.graph import Tessellation

DATA = "GRIDKEEPER_BENCH_DATA"
BARE = Effort(runs=1, steps_per_cell=0, rounds=0)
"""No search: a district is only read and cut into cells."""
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


def read_ground(folder: Path, monkeypatch) -> Ground:
    """Read a district through the door of files, with the CPU seconds and the lines of its cells noted on the way."""
    seen = {}

    def noted(*arguments, barriers=None, **options):
        start = time.process_time()
        tessellation = made(*arguments, barriers=barriers, **options)
        seen["cpu_s"] = time.process_time() - start
        if barriers is not None:
            ground = barriers[barriers["kind"] != "wall"].to_crs(tessellation.cells.crs)
            seen["lines"] = shapely.get_parts(np.asarray(ground.geometry.values, object))
        return tessellation

    made = gis.files.tessellate
    files = files_of(folder)
    with monkeypatch.context() as patch:
        patch.setattr(gis.files, "tessellate", noted)
        district = partition_files(
            files["buildings"][0],
            files["communities"][0],
            barriers=files["barriers"],
            compounds=next(iter(files["compounds"]), None),
            landcover=next(iter(files["landcover"]), None),
            effort=BARE,
        )
    lines = seen.get("lines", np.empty(0, object))
    return Ground(folder.name, district.tessellation, lines, seen["cpu_s"])
