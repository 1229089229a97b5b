"""How does a district become cells that tile its communities, and a graph of neighbours?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from gis.cells.borders import MAX_EDGE_M, settle_borders
from gis.cells.community import Cut, Job, cut_community
from gis.cells.features import barrier_lines
from gis.cells.findings import Findings
from gis.cells.footprints import building_stock, standings
from gis.cells.seams import stitched
from gis.cells.settings import CellSettings
from gis.crs import metric_crs
from gis.errors import InputError
from gis.graph import Adjacency, Tessellation
from gis.progress import Progress, fan_out, quiet
from gis.remarks import Report

if TYPE_CHECKING:
    from collections.abc import Collection
    from concurrent.futures import Executor

    from gis.cells.features import Lines
    from gis.cells.footprints import Standing, Stock

__all__ = ["tessellate"]

DEGREE_M = 111_320.0


def tessellate(
    communities: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    barriers: gpd.GeoDataFrame | None = None,
    compounds: gpd.GeoDataFrame | None = None,
    landcover: gpd.GeoDataFrame | None = None,
    divide: Collection[str] | None = None,
    settings: CellSettings | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> Tessellation:
    """Cut the communities of a district into cells and say which cells are neighbours.

    Parameters
    ----------
    communities : GeoDataFrame
        ``community_id``, geometry polygons; any CRS.
    buildings : GeoDataFrame
        ``building_id``, ``households`` (missing or NaN: 0), optionally ``community_id``, ``compound_id``; polygons or
        points; any CRS.
    barriers : GeoDataFrame, optional
        ``kind``, ``class``, ``bridge``, ``tunnel``; lines, or polygons whose outline counts.
    compounds : GeoDataFrame, optional
        ``compound_id``; polygons.
    landcover : GeoDataFrame, optional
        ``kind``; polygons. Edges of water, green and campus bound blocks.
    divide : collection of str, optional
        Codes of the communities that are cut into cells, all by default; the others only say where borders are.
    settings : CellSettings, optional
    executor : concurrent.futures.Executor, optional
        Communities are cut there, else here.
    progress : Progress

    Returns
    -------
    Tessellation
        In the communities' own CRS where that is in metres, else in `gis.crs.metric_crs` or `settings.metric_crs`.
        The same input gives the same cells, with or without an executor.

    Raises
    ------
    InputError
        Where no community has any area, an id is missing or given twice, or a frame names no CRS.
    """
    settings = settings or CellSettings()
    _check_ids(communities, "community_id", "Communities")
    _check_ids(buildings, "building_id", "Buildings")
    crs = pyproj.CRS.from_user_input(settings.metric_crs) if settings.metric_crs else metric_crs(communities)
    findings = Findings()
    ids = [str(c) for c in communities["community_id"]]
    given_ground = _in_metres(communities, crs)
    ground = np.array([None, *settle_borders(ids, given_ground, settings, findings)], dtype=object)[1:]
    if all(g is None for g in ground):
        raise InputError("No community has any area.", "Give the communities polygons.")
    stock = building_stock(_moved(buildings, crs), settings, findings)
    given: np.ndarray | None = None
    if "community_id" in buildings:
        given = buildings["community_id"].to_numpy(dtype=object, copy=True)
        given[pd.isna(given)] = None
    standing = standings(stock, ground, ids, given, settings, findings)
    lines = barrier_lines(
        None if barriers is None else _moved(barriers, crs),
        None if compounds is None else _moved(compounds, crs),
        None if landcover is None else _moved(landcover, crs),
        settings,
        findings,
    )
    jobs = _jobs(ids, ground, stock, standing, lines, None if compounds is None else _moved(compounds, crs), settings)
    if divide is not None:
        jobs = [job for job in jobs if job.code in divide]
        if not jobs:
            raise InputError("None of these communities has any area.", "Name communities of the district.")
    cuts = fan_out(cut_community, jobs, executor=executor, progress=progress, label="cells")
    made = _joined(ids, jobs, cuts, stock, crs, settings, findings)
    made.report.counts["snapped_m2"] = _snapped_m2(given_ground, ground)
    return made


def _snapped_m2(given: np.ndarray, settled: np.ndarray) -> float:
    """Area of the ground whose communities are others since borders were made to coincide."""
    kept = np.flatnonzero([g is not None for g in settled])
    before, after = shapely.make_valid(given[kept]), settled[kept]
    changed = np.concatenate([shapely.difference(after, before), shapely.difference(before, after)])
    return round(float(shapely.area(shapely.union_all(changed))), 3)


def _check_ids(frame: gpd.GeoDataFrame, column: str, what: str) -> None:
    if column not in frame:
        raise InputError(f"{what} have no column {column}.", f"Name it with --map ...={column}.")
    if frame.crs is None:
        raise InputError(f"{what} name no reference system.", "Say which with --crs.")
    twice = frame[column].astype(str)[frame[column].astype(str).duplicated()]
    if len(twice):
        raise InputError(f"{what}: {column} {twice.iloc[0]} is there twice.", "Give each its own code.")


def _moved(frame: gpd.GeoDataFrame, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    if frame.crs is None:
        raise InputError("A layer names no reference system.", "Say which with --crs.")
    return frame if frame.crs == crs else frame.to_crs(crs)


def _in_metres(communities: gpd.GeoDataFrame, crs: pyproj.CRS) -> np.ndarray:
    """Geometry in metres; straight lines of the input stay where they are although projections bend them."""
    if communities.crs == crs:
        return np.asarray(communities.geometry.to_numpy(), dtype=object)
    own = np.asarray(communities.geometry.to_numpy(), dtype=object)
    step = MAX_EDGE_M / DEGREE_M if communities.crs.is_geographic else MAX_EDGE_M
    dense = gpd.GeoSeries(shapely.segmentize(own, step), crs=communities.crs)
    return np.asarray(dense.to_crs(crs).to_numpy(), dtype=object)


def _jobs(
    ids: list[str],
    ground: np.ndarray,
    stock: Stock,
    standing: Standing,
    lines: Lines,
    compounds: gpd.GeoDataFrame | None,
    settings: CellSettings,
) -> list[Job]:
    order = np.argsort(standing.community, kind="stable")
    start = np.searchsorted(standing.community[order], np.arange(len(ids) + 1))
    tree = shapely.STRtree(lines.geometry)
    fences = np.empty(0, dtype=object) if compounds is None else np.asarray(compounds.geometry.to_numpy(), dtype=object)
    names = (
        compounds["compound_id"].astype(str).to_numpy(dtype=object)
        if compounds is not None and "compound_id" in compounds
        else np.full(len(fences), None, dtype=object)
    )
    fence_tree = shapely.STRtree(fences)
    jobs = []
    for c, code in enumerate(ids):
        if ground[c] is None:
            continue
        rows = order[start[c] : start[c + 1]]
        building = standing.building[rows]
        near = np.sort(fence_tree.query(ground[c], predicate="intersects"))
        jobs.append(
            Job(
                code=code,
                ground=ground[c],
                building=building,
                geometry=standing.geometry[rows],
                whole=standing.whole[rows],
                guest=standing.guest[rows],
                counts=standing.main[building] == c,
                households=stock.households[building],
                compound=stock.compound[building],
                codes=[stock.codes[i] for i in building],
                lines=lines.near(tree, ground[c], settings.follow_m),
                compounds=fences[near],
                compound_codes=names[near],
                settings=settings,
            )
        )
    return jobs


def _tell_torn(cells: np.ndarray, community: np.ndarray, findings: Findings) -> None:
    wrong = shapely.coverage_invalid_edges(cells)
    for i in np.flatnonzero(~shapely.is_empty(wrong)):
        findings.add(
            "left_over",
            "cells_unmatched",
            f"The border of a cell does not match its neighbour's for {wrong[i].length:.6f} m.",
            code=str(community[i]),
            at=wrong[i],
            amount=wrong[i].length,
            unit="m",
        )


def _joined(
    ids: list[str],
    jobs: list[Job],
    cuts: list[Cut],
    stock: Stock,
    crs: pyproj.CRS,
    settings: CellSettings,
    findings: Findings,
) -> Tessellation:
    offset = np.cumsum([0, *(len(c.cells) for c in cuts)])
    block_offset = np.cumsum([0, *(int(c.block.max(initial=-1)) + 1 for c in cuts)])
    cells, exact = stitched(np.concatenate([c.cells for c in cuts]), settings.grid_m)
    building = np.concatenate([c.building for c in cuts])
    cell = np.concatenate([c.cell + offset[i] for i, c in enumerate(cuts)])
    order = np.argsort(building, kind="stable")
    building, cell = building[order], cell[order]
    load = stock.households[building]
    owner = np.concatenate([c.owner for c in cuts])
    codes = np.array([*stock.codes, None], dtype=object)
    frame = gpd.GeoDataFrame(
        {
            "community_id": np.repeat(np.array([j.code for j in jobs], dtype=object), np.diff(offset)),
            "block_id": np.concatenate([c.block + block_offset[i] for i, c in enumerate(cuts)]).astype(np.int64),
            "building_id": pd.Series(codes[owner], dtype=object),
            "compound_id": pd.Series(np.concatenate([c.compound for c in cuts]), dtype=object),
            "households": np.bincount(cell, weights=load, minlength=len(cells)),
            "buildings": np.bincount(cell, minlength=len(cells)).astype(np.int64),
        },
        geometry=list(cells),
        crs=crs,
    )
    if not exact:
        _tell_torn(cells, frame["community_id"].to_numpy(dtype=object), findings)
    adjacency = Adjacency(
        np.concatenate([c.adjacency.pairs + np.int32(offset[i]) for i, c in enumerate(cuts)]).astype(np.int32),
        np.concatenate([c.adjacency.length for c in cuts]),
        np.concatenate([c.adjacency.follows for c in cuts]),
        np.concatenate([c.adjacency.link for c in cuts]),
    )
    for cut in cuts:
        findings.items.extend(cut.findings.items)
    outlines = [shapely.coverage_union_all(cells[offset[i] : offset[i + 1]]) for i in range(len(cuts))]
    report = Report("tessellate")
    findings.tell(report, crs)
    report.counts = {
        "communities": len(ids),
        "cells": len(cells),
        "blocks": int(block_offset[-1]),
        "buildings": len(stock.codes),
        "buildings_in_cells": len(building),
        "households": float(load.sum()),
        "pairs": len(adjacency.pairs),
        "links": int(adjacency.link.sum()),
    }
    return Tessellation(
        cells=frame,
        building_cell=pd.DataFrame({"building_id": codes[building], "cell": cell.astype(np.int64), "households": load}),
        adjacency=adjacency,
        communities=gpd.GeoDataFrame({"community_id": [j.code for j in jobs]}, geometry=outlines, crs=crs),
        report=report,
    )
