"""Do the coordinates lie where the district is, and what is said when they do not?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.crs import in_mainland_china, parse_crs, to_lonlat
from gis.errors import InputError
from gis.ingest.readings import AROUND_M, FIT_NEEDED, diagnose
from gis.ingest.shapes import spots
from gis.ingest.shift import judge_shift

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.crs import SourceCrs
    from gis.ingest.bounds import DistrictBounds
    from gis.ingest.kinds import Kind
    from gis.ingest.options import ReadOptions
    from gis.ingest.raw import RawTable
    from gis.ingest.readings import Reading
    from gis.ingest.sieve import Sieve
    from gis.ingest.specs import FileSpec
    from gis.remarks import Report

__all__ = ["agree_on_crs", "check_shift", "sort_out_places"]

WIDE_NEEDED = 0.01
"""Share needed of barriers and land cover, which often come for a whole region."""


def agree_on_crs(
    kind: Kind, table: RawTable, spec: FileSpec, options: ReadOptions, district: DistrictBounds | None
) -> SourceCrs:
    """Decide in which reference system a file's coordinates are read, and refuse one that does not fit.

    What the caller says wins over what the file says; where neither says anything, degrees are CGCS2000.

    Raises
    ------
    InputError
        Naming the reading that fits best.
    """
    told = spec.option("crs")
    declared = parse_crs(told) if told is not None else parse_crs(table.crs) if table.crs is not None else None
    source = declared or parse_crs(4490)
    if options.accept_crs or table.wide:  # of a file that covers a country little may be here
        return source
    points = spots(table.shapes)
    if options.swap_axes:
        points = points[:, ::-1]
    readings = diagnose(points, declared, district)
    mine = next(r for r in readings if r.source.name == source.name and not r.swapped)
    needed = WIDE_NEEDED if kind.outside == "leave_out" else FIT_NEEDED
    if mine.around >= needed and mine.around > 0:
        return source
    best = readings[0]
    raise InputError(
        *_misfit(
            table.source,
            mine,
            best if best.around > mine.around else None,
            declared=declared is not None,
            district=district,
            points=points,
        )
    )


def _misfit(
    source: str,
    mine: Reading,
    best: Reading | None,
    *,
    declared: bool,
    district: DistrictBounds | None,
    points: np.ndarray,
) -> tuple[str, str]:
    x, y = (float(v) for v in np.nanmedian(points[np.isfinite(points).all(axis=1)], axis=0))
    said = f"{'declared' if declared else 'read'} as {mine.label}"
    shown = f"{x:.6g}, {y:.6g}" if max(abs(x), abs(y)) <= 180 else f"{x:.0f}, {y:.0f}"
    if district is None:
        what = f"{source}: coordinates like {shown} make no inhabited place when {said}"
    else:
        what = f"{source}: {said}, {mine.around:.0%} of the rows lie in or near district {district.code}"
        lon, lat = to_lonlat(x, y, mine.source)
        if np.isfinite([lon, lat]).all() and abs(float(lat)) <= 90:
            what += f" (the middle is {float(lon):.4f}, {float(lat):.4f}; the district's {district.centre[0]:.4f}, "
            what += f"{district.centre[1]:.4f})"
    if best is not None:
        return (
            f"{what}. Best fitting reading: {best.label} ({best.around:.0%}).",
            f"If that is what they are: {best.remedy}; to take them as declared: --accept-crs.",
        )
    if max(abs(x), abs(y)) > 180:
        return f"{what}. They look like metres.", "Name their reference system with --crs, e.g. --crs EPSG:4547."
    return f"{what}. No known reading fits.", "Check that the file is of this district, or insist with --accept-crs."


def sort_out_places(
    kind: Kind, shapes: np.ndarray, district: DistrictBounds | None, sieve: Sieve, *, wide: bool = False
) -> None:
    """Judge single rows far from the district: refused, left out, or only told, as the kind says.

    Of a file that covers more than a district they are left out.
    """
    if district is None or kind.name == "divisions":
        return
    there = ~shapely.is_missing(shapes)
    dx, dy = district.margin(AROUND_M)
    west, south, east, north = district.box
    window = shapely.box(west - dx, south - dy, east + dx, north + dy)
    far = there & ~shapely.intersects(shapes, window)
    if not far.any():
        return
    text = f"lies more than {AROUND_M / 1000:g} km outside district {district.code}"
    outside = "leave_out" if wide else kind.outside
    if outside == "error":
        sieve.refuse(
            far, "outside_district", text, remedy="Correct it, or take the others with --accept-partial.",
        )  # fmt: skip
    elif outside == "leave_out":
        sieve.dropped |= far
        _count(sieve, far, "outside_district", f"rows lie more than {AROUND_M / 1000:g} km outside and are left out")
    else:
        _count(sieve, far, "outside_district", f"rows lie more than {AROUND_M / 1000:g} km outside; kept")


def _count(sieve: Sieve, rows: np.ndarray, rule: str, text: str) -> None:
    number = int(rows.sum())
    sieve.report.add("note", rule, f"{number} {text}", amount=float(number), unit="rows")


def check_shift(
    kind: str, frame: gpd.GeoDataFrame, sources: list[SourceCrs | None], district: DistrictBounds | None, report: Report
) -> None:
    """Refuse coordinates that are shifted against what the district holds; say so where nobody can know.

    Raises
    ------
    InputError
        Naming the better reading.
    """
    named = {s.shift for s in sources if s is not None}
    if len(named) != 1:
        return
    source = next(s for s in sources if s is not None)
    if district is None:
        there = frame.geometry[frame.geometry.notna()]
        west, south, east, north = there.total_bounds if len(there) else (0.0, 0.0, 0.0, 0.0)
        if in_mainland_china(float(west + east) / 2, float(south + north) / 2):
            report.add(
                "note", "shift_unknowable",
                f"read as {source.name}; a district's first layer cannot show whether it is shifted (GCJ-02, BD-09), "
                "and where all layers are shifted alike nobody can know",
                remedy="Ask where the data come from; maps of AMap and Tencent are GCJ-02, of Baidu BD-09.",
            )  # fmt: skip
        return
    if not district.shifted_country:
        return
    verdict = judge_shift(kind, frame, source, district)
    if verdict.better is None:
        if verdict.tested:
            report.add("note", "shift_checked", f"not shifted against the other layers ({verdict})")
        else:
            report.add(
                "note", "shift_unknowable",
                f"nothing imported so far tells whether these are shifted (GCJ-02, BD-09); read as {source.name}",
            )  # fmt: skip
        return
    told = source.name
    if verdict.better.startswith("others:"):
        raise InputError(
            f"{report.source}: as {told} they do not fit the layers already imported, which look like GCJ-02 taken for "
            f"WGS 84 ({verdict}: rows fitting only so : only as declared).",
            "Check the layers imported first (divisions above all); to take these as they are: --accept-crs.",
            report,
        )
    best = parse_crs(verdict.better)
    words = {"gcj02": "GCJ-02", "bd09": "BD-09"}.get(best.name, f"{best.name}, not shifted")
    raise InputError(
        f"{report.source}: declared {told}, but beside the layers already imported they fit better as {words} "
        f"({verdict}: rows fitting only so : only as declared); as declared they would lie about "
        f"{_offset(frame, best, source):.0f} m off.",
        f"If they are: --crs {best.name}; to take them as declared: --accept-crs.",
        report,
    )


def _offset(frame: gpd.GeoDataFrame, best: SourceCrs, source: SourceCrs) -> float:
    """Metres between the two readings in the middle of the data."""
    points = spots(np.asarray(frame.geometry.array))
    lon, lat = np.nanmedian(points, axis=0)
    from gis.crs import wgs84_to_bd09, wgs84_to_gcj02  # noqa: PLC0415

    for shift, forward in (("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)):
        if shift in {best.shift, source.shift}:
            x, y = forward(lon, lat)
            return float(np.hypot((x - lon) * 111_320 * np.cos(np.radians(lat)), (y - lat) * 110_574))
    return 0.0
