"""What do files hold of each term of a load, cell by cell?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis._file_points import placed_points, points_of
from gis.errors import InputError
from gis.ingest.read import read_kind
from gis.ingest.readers import read_file
from gis.ingest.specs import parse_spec
from gis.locate import Locator
from gis.partition.loads import PERSONS, weighed
from gis.remarks import Report

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from gis.graph import Tessellation
    from gis.ingest.bounds import DistrictBounds
    from gis.ingest.options import ReadOptions
    from gis.ingest.specs import FileSpec
    from gis.partition.loads import Load

    Named = str | Path | FileSpec

__all__ = ["YEAR", "CountFiles", "weighed_by_files"]

YEAR = pd.Timedelta(days=365)
"""A year of events."""


@dataclass(frozen=True)
class CountFiles:
    """Files of what is counted beside households: parts, events, and points of key persons.

    Key persons may also be a column of the buildings; a file of them goes before.
    """

    parts: Named | None = None
    events: Named | None = None
    key_persons: Named | None = None

    def require(self, load: Load, stock: gpd.GeoDataFrame) -> None:
        """See that there is a file for each of these terms, or a column of the buildings, before cells are made.

        Raises
        ------
        InputError
        """
        named = {"parts": self.parts, "events": self.events, "key_persons": self.key_persons}
        for name in load.terms:
            term = name.partition(":")[0]
            if term in named and named[term] is None and not _counted(stock, term):
                option = "--" + term.replace("_", "-")
                column = f" or a column {term} of the buildings" if term in PERSONS else ""
                raise InputError(
                    f"The load counts {name}, but there is no file of them.",
                    f"Give one ({option} FILE){column}, or leave it out.",
                )


def weighed_by_files(
    tessellation: Tessellation,
    load: Load,
    stock: gpd.GeoDataFrame,
    files: CountFiles,
    district: DistrictBounds,
    options: ReadOptions | None,
    reports: list[Report],
) -> Tessellation:
    """Give cells the load that files hold; see `gis.partition.loads.weighed`.

    Parameters
    ----------
    stock : GeoDataFrame
        Buildings: ``building_id``, and ``people`` and ``key_persons`` where they are known.
    reports : list of Report
        Gets one of each file read, and one of where its points lie.

    Raises
    ------
    InputError
        There is no file for a term, or one cannot be read.
    """
    if load.plain:
        return tessellation
    counts: dict[str, np.ndarray] = {}
    terms = {name.partition(":")[0] for name in load.terms}
    n = len(tessellation.cells)
    for name in PERSONS:
        if name in terms and _counted(stock, name):
            held = tessellation.building_cell
            persons = dict(zip(stock["building_id"].astype(str), stock[name].astype(float), strict=True))
            each = held["building_id"].astype(str).map(persons).fillna(0.0).to_numpy(float)
            counts[name] = np.bincount(held["cell"].to_numpy(np.int64), each, n)
    locator = Locator(tessellation.cells.geometry.to_numpy(), [str(i) for i in range(n)])
    for kind, file in (("parts", files.parts), ("events", files.events)):
        if kind not in terms or file is None:
            continue
        batch = read_kind(kind, [parse_spec(file)], options=options, district=district)
        reports.append(batch.report)
        frame = batch.frame
        if frame.empty:
            continue
        if kind == "events":
            newest = frame["occurred_at"].max()
            frame = frame[frame["occurred_at"] > newest - YEAR]
            span = f"after {newest - YEAR:%Y-%m-%d} up to {newest:%Y-%m-%d}"
            told = f"A year of events counts: the {len(frame)} {span}."
            batch.report.add("note", "year_of_events", told, amount=float(len(frame)))
        points = np.asarray(frame.geometry.to_crs(tessellation.cells.crs).array, object)
        cell = _cells(locator, points, batch.report)
        grade = frame["class"].astype("string").fillna("").to_numpy(object)
        for name in load.terms:
            term, _, start = name.partition(":")
            if term == kind:
                mine = np.array([str(value).startswith(start) for value in grade], bool) & (cell >= 0)
                counts[name] = np.bincount(cell[mine], minlength=n).astype(float)
    if "key_persons" in terms and files.key_persons is not None:
        table = read_file(parse_spec(files.key_persons))
        report = Report("read key persons", table.source)
        reports.append(report)
        _, points = placed_points(table, points_of(table), None, tessellation.cells.crs, report)
        cell = _cells(locator, points, report)
        counts["key_persons"] = np.bincount(cell[cell >= 0], minlength=n).astype(float)
    return weighed(tessellation, load, counts, "the files")


def _counted(stock: gpd.GeoDataFrame, name: str) -> bool:
    """Tell whether buildings say how many persons they hold."""
    return name in PERSONS and name in stock and bool(stock[name].notna().any())


def _cells(locator: Locator, points: np.ndarray, report: Report) -> np.ndarray:
    """Cell of each point, -1 where it lies in none."""
    cell = locator.locate(points).polygon.astype(np.int64)
    report.counts["in_a_cell"] = int((cell >= 0).sum())
    if (cell < 0).any():
        report.add(
            "note",
            "counted_nowhere",
            f"{int((cell < 0).sum())} lie in no cell and count nowhere.",
            amount=float((cell < 0).sum()),
        )
    return cell
