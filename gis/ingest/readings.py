"""Where do coordinates lie when read as declared, and which other reading would fit the district better?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.crs import metric_crs, parse_crs, time_zone_at, to_lonlat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.crs import SourceCrs
    from gis.ingest.bounds import DistrictBounds

__all__ = ["FIT_NEEDED", "Reading", "diagnose"]

FIT_NEEDED = 0.5
"""Share of the rows that must lie in or around the district for a reading to be believed."""

AROUND_M = 3000.0
SAMPLE = 2000


@dataclass(frozen=True)
class Reading:
    """One way to read coordinates.

    Parameters
    ----------
    source : SourceCrs
    swapped : bool
        First and second number exchanged (latitude, or northing, first).
    inside, around : float
        Share of the places that then lie in the district, and within 3 km of its box. Without a district both are 1
        where the middle lies on inhabited land, else 0.
    """

    source: SourceCrs
    swapped: bool
    inside: float
    around: float

    @property
    def label(self) -> str:
        """The reading in words."""
        names = {
            "gcj02": "GCJ-02 (AMap, Tencent)",
            "bd09": "BD-09 (Baidu)",
            "EPSG:3857": "web Mercator metres (EPSG:3857)",
            "EPSG:4490": "longitude, latitude in degrees (EPSG:4490)",
            "EPSG:4326": "longitude, latitude in degrees (EPSG:4326)",
        }
        degrees = self.source.degrees
        text = names.get(self.source.name) or f"{'degrees' if degrees else 'metres'} in {self.source.name}"
        if not self.swapped:
            return text
        return f"{text} with swapped axes ({'latitude' if degrees else 'northing'} first)"

    @property
    def remedy(self) -> str:
        """How to ask for this reading."""
        crs = f"--crs {self.source.name}"
        return f"{crs} --swap-axes" if self.swapped else crs


def diagnose(points: np.ndarray, declared: SourceCrs | None, bounds: DistrictBounds | None = None) -> list[Reading]:
    """Rank the readings of coordinates by how well they fit the district.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Coordinates as they are in the file; rows that are not finite are left aside, and of many a sample is taken.
    declared : SourceCrs, optional
        What the file or the caller says; None where nobody does.
    bounds : DistrictBounds, optional
        The district imported so far.

    Returns
    -------
    list of Reading
        Best first; the declared reading wins ties. The declared one (degrees where nobody declared) is always in it.
    """
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) > SAMPLE:
        points = points[np.random.default_rng(0).choice(len(points), SAMPLE, replace=False)]
    believed = declared or parse_crs(4490)
    seen: set[tuple[str, bool]] = set()
    readings = []
    for order, (source, swapped) in enumerate(_candidates(points, believed, bounds)):
        if (source.name, swapped) in seen:
            continue
        seen.add((source.name, swapped))
        inside, around = _fit(points[:, ::-1] if swapped else points, source, bounds)
        readings.append((-round(around, 2), -round(inside, 2), order, Reading(source, swapped, inside, around)))
    return [entry[-1] for entry in sorted(readings, key=lambda e: e[:3])]


def _candidates(
    points: np.ndarray, declared: SourceCrs, bounds: DistrictBounds | None
) -> Iterator[tuple[SourceCrs, bool]]:
    yield declared, False
    yield declared, True
    if len(points) == 0:
        return
    most = np.nanmax(np.abs(points), axis=0)
    if (most <= 180).all():
        for name in ("EPSG:4490", "gcj02", "bd09"):
            if name == "EPSG:4490" or bounds is None or bounds.shifted_country:
                yield parse_crs(name), False
        yield parse_crs(4490), True
        return
    codes: list[int] = []
    if bounds is not None:
        codes.append(3857)
        zone = min(max(round(bounds.centre[0] / 3), 25), 45)
        near = [z for z in (zone, zone - 1, zone + 1) if 25 <= z <= 45]
        if bounds.shifted_country:
            codes += [4534 + z - 25 for z in near] + [4513 + z - 25 for z in near]
        west, south, east, north = bounds.box
        codes.append(metric_crs((west, south, east, north)).to_epsg() or 3857)
        codes.append((32600 if south >= 0 else 32700) + min(max(int((bounds.centre[0] + 180) // 6) + 1, 1), 60))
    else:  # an 8-digit easting names its zone itself
        prefixes = {int(v // 1e6) for v in np.nanmedian(points, axis=0)}
        codes += [4513 + z - 25 for z in sorted(prefixes) if 25 <= z <= 45]
    for code in codes:
        yield parse_crs(code), False
        yield parse_crs(code), True


def _fit(points: np.ndarray, source: SourceCrs, bounds: DistrictBounds | None) -> tuple[float, float]:
    """Share of the points inside and around the district when read as `source`."""
    if len(points) == 0:
        return 0.0, 0.0
    if source.degrees and (np.abs(points[:, 1]) > 90).any() | (np.abs(points[:, 0]) > 180).any():
        return 0.0, 0.0
    lon, lat = to_lonlat(points[:, 0], points[:, 1], source)
    good = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if bounds is not None:
        inside = np.zeros(len(lon), bool)
        inside[good] = bounds.inside(lon[good], lat[good])
        return float(inside.mean()), float((good & bounds.around(lon, lat, AROUND_M)).mean())
    if good.mean() < FIT_NEEDED:
        return 0.0, 0.0
    zone = time_zone_at(float(np.median(lon[good])), float(np.median(lat[good])))
    lived_in = float(not zone.startswith(("Etc/", "Antarctica/")) and zone != "UTC")
    return lived_in, lived_in
