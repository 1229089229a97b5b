"""Which grids does a file hold, and which of them is each cell of a district in?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.crs import STORE_CRS, parse_crs
from gis.errors import InputError
from gis.ingest.kinds import fold_name
from gis.ingest.readers import read_file
from gis.ingest.specs import parse_spec
from gis.plans.matching import match_cells, mend_polygons

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gis.files import FileGround
    from gis.graph import Tessellation
    from gis.ingest.specs import FileSpec

__all__ = ["match_grids", "numbers_of", "read_grids"]


def read_grids(file: str | Path | FileSpec, tessellation: Tessellation) -> tuple[list[str], np.ndarray]:
    """Codes, ascending, and polygons in metres."""
    table = read_file(parse_spec(file))
    column = next((c for c in table.frame.columns if fold_name(c) == "gridcode"), None)
    remedy = "Give a file of grids, e.g. that `gridkeeper partition --out` wrote."
    if column is None:
        raise InputError(f"{table.source} has no column grid_code.", remedy)
    flat = shapely.get_dimensions(table.shapes) == 2
    if not flat.any():
        raise InputError(f"{table.source} has no polygons.", remedy)
    shapes = gpd.GeoSeries(table.shapes[flat], crs=parse_crs(table.crs if table.crs is not None else STORE_CRS).crs)
    if table.frame[column][flat].isna().any():
        raise InputError(f"{table.source} has a grid without a code.", f"Fill in {column} in every row.")
    codes = table.frame[column].astype(str).to_numpy(object)[flat]
    twice = sorted(code for code, n in zip(*np.unique(codes, return_counts=True), strict=True) if n > 1)
    if twice:
        raise InputError(f"{table.source} has grid {twice[0]} twice.", "Give one row a grid.")
    order = np.argsort(codes, kind="stable")
    moved = np.asarray(shapes.to_crs(tessellation.cells.crs).array, object)[order]
    return codes[order].tolist(), mend_polygons(moved).polygons


def match_grids(tessellation: Tessellation, ground: FileGround, polygons: np.ndarray) -> np.ndarray:
    """Number of the grid of each cell, -1 for none."""
    cells, held = tessellation.cells, tessellation.building_cell
    shapes = ground.stock.set_index(ground.stock["building_id"].astype(str)).geometry.to_crs(cells.crs)
    return match_cells(
        np.asarray(cells.geometry.array, object),
        polygons,
        community=cells["community_id"].to_numpy(object),
        footprints=np.asarray(shapes.loc[held["building_id"].astype(str)].array, object),
        cell_of=held["cell"].to_numpy(np.int64),
        households=held["households"].to_numpy(float),
    ).grid_of


def numbers_of(number: dict[str, int], codes: Iterable[str]) -> list[int]:
    """Numbers of grids that somebody names by their codes."""
    wanted = [str(code) for code in codes]
    for code in wanted:
        if code not in number:
            raise InputError(f"There is no grid {code} in the file.", "Name grids by their grid_code.")
    return [number[code] for code in wanted]
