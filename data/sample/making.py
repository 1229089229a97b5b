"""How does everything come together into one sample district?"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from data.sample.divisions import Divisions, divide
from data.sample.events import LAST_DAY, make_events
from data.sample.grounds import build_city
from data.sample.labels import DISTRICT_CODE, Labels, label
from data.sample.things import make_parts, make_workers
from data.sample.towns import PREFIXES, joined
from data.sample.writing import DECIMALS, write_csv, write_geojson
from data.sample.zones import planned_city
from gis.errors import InputError
from gis.graph import STREET_WIDTH
from gis.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from data.sample.plan import CityPlan, Way
    from data.sample.plots import Grounds

__all__ = ["PLACE", "SMALLEST", "Sample", "make_sample", "write_sample"]

PLACE = (113.05, 30.02)
"""Longitude and latitude where the district is drawn: a place of fields and ponds, no town of this name or shape."""

PLANE = "EPSG:4547"
SMALLEST, TOWN = 500, 300_000
"""Households of the smallest and the largest town; above that there are several."""
LARGEST = TOWN * len(PREFIXES)
GATE_METRES = 5.0


@dataclass(frozen=True)
class Sample:
    """A district as the frames one would import; coordinates are EPSG:4490 degrees with seven decimals.

    Parameters
    ----------
    divisions, compounds, landcover, buildings, barriers, parts : GeoDataFrame
    events, workers : DataFrame
        Events have columns ``lon`` and ``lat``, NaN where only an address is known.
    """

    divisions: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    landcover: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    parts: gpd.GeoDataFrame
    events: pd.DataFrame
    workers: pd.DataFrame


class _Globe:
    """Brings the plane of the plan onto the globe."""

    def __init__(self) -> None:
        there = pyproj.Transformer.from_crs("EPSG:4490", PLANE, always_xy=True)
        self.origin = np.round(there.transform(*PLACE), -2)
        self.back = pyproj.Transformer.from_crs(PLANE, "EPSG:4490", always_xy=True)

    def points(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Degrees of points in the plane."""
        lon, lat = self.back.transform(np.asarray(x) + self.origin[0], np.asarray(y) + self.origin[1])
        return np.round(lon, DECIMALS), np.round(lat, DECIMALS)

    def shapes(self, geometries: Iterable[Any]) -> np.ndarray:
        """Geometries in degrees."""
        array = np.array(list(geometries), dtype=object)
        return np.asarray(shapely.transform(array, lambda xy: np.column_stack(self.points(xy[:, 0], xy[:, 1]))))

    def frame(self, columns: dict[str, Any], geometries: Iterable[Any]) -> gpd.GeoDataFrame:
        """Frame in EPSG:4490."""
        return gpd.GeoDataFrame(columns, geometry=self.shapes(geometries), crs="EPSG:4490")


def _classes(kind: str) -> dict[str, str]:
    text = files("data").joinpath("codes", f"{kind}_classes.csv").read_text(encoding="utf-8")
    return {row["class"]: row["name"] for row in csv.DictReader(text.splitlines())}


def _households(grounds: Grounds, wanted: int, seed: int) -> np.ndarray:
    """Households of each building: the dwellings that are lived in, `wanted` in all."""
    rng = np.random.default_rng([seed, 19])
    dwellings = np.array([h.dwellings for h in grounds.houses], float)
    share = dwellings * rng.uniform(0.93, 1.07, len(dwellings))
    exact = np.minimum(share * wanted / share.sum(), 400.0)
    whole = np.floor(exact).astype(int)
    missing = wanted - int(whole.sum())
    order = np.argsort(-(exact - whole) - (dwellings > 0) * 0.5 + (whole >= 400) * 9, kind="stable")
    for k in range(missing):
        whole[order[k % max(int((dwellings > 0).sum()), 1)]] += 1
    return np.asarray(whole)


def make_sample(households: int = 30_000, seed: int = 1, *, progress: Progress = quiet) -> Sample:
    """Invent a district.

    Parameters
    ----------
    households : int
        How many households live there, exactly; 500 to 3,000,000. Above 300,000 they live in several towns.
    seed : int
        The same seed and number give the same district.
    progress : Progress

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        The number of households or the seed is out of range.
    """
    if not SMALLEST <= households <= LARGEST:
        raise InputError(
            f"A sample has {SMALLEST:,} to {LARGEST:,} households, not {households:,}.",
            "Give --households in that range.",
        )
    if seed < 0:
        raise InputError(f"The seed {seed} is negative.", "Give a whole number from 0.")
    count = -(-households // TOWN)
    if count == 1:
        return _town(households, seed, progress)
    shares = np.diff(np.arange(count + 1) * households // count).tolist()
    towns = []
    for i, share in enumerate(shares):
        progress("sample: towns", i, count)
        towns.append(_town(share, count * seed + i, quiet))
    return joined(towns, PLANE)


def _town(households: int, seed: int, progress: Progress) -> Sample:
    """Invent a district that is one town."""
    steps = ("streets", "buildings", "communities", "parts and events", "frames")

    def told(done: int) -> None:
        progress(f"sample: {steps[min(done, len(steps) - 1)]}", done, len(steps))

    told(0)
    city = planned_city(seed, households)
    told(1)
    grounds = build_city(city, seed)
    told(2)
    homes = _households(grounds, households, seed)
    by_block = np.bincount([h.block for h in grounds.houses], homes, len(city.blocks))
    divisions = divide(city, grounds.lanes, by_block, seed)
    labels = label(city, grounds, divisions, seed)
    told(3)
    parts = make_parts(city, grounds, divisions.ways, divisions.segments, _classes("part"), households, seed)
    events = make_events(city, grounds, divisions.ways, labels, homes, _classes("event"), seed)
    loads = np.bincount(divisions.community, by_block)
    workers = make_workers(labels, loads, seed)
    told(4)
    globe = _Globe()
    event_x, event_y = events.pop("x"), events.pop("y")
    lon, lat = np.full(len(event_x), np.nan), np.full(len(event_x), np.nan)
    known = ~np.isnan(event_x)
    lon[known], lat[known] = globe.points(event_x[known], event_y[known])
    part_points = shapely.points(parts.pop("x"), parts.pop("y"))
    sample = Sample(
        _divisions(globe, city, divisions, labels),
        _compounds(globe, grounds, labels),
        _landcover(globe, grounds, labels),
        _buildings(globe, grounds, divisions, labels, homes, seed),
        _barriers(globe, grounds, divisions, labels),
        globe.frame(parts, part_points),
        pd.DataFrame({**events, "lon": lon, "lat": lat}),
        pd.DataFrame(workers),
    )
    told(5)
    return sample


def _divisions(globe: _Globe, city: CityPlan, divisions: Divisions, labels: Labels) -> gpd.GeoDataFrame:
    del city
    whole = shapely.coverage_union_all(np.array(divisions.community_polygons))
    rows = [("district", DISTRICT_CODE, labels.district, "", whole)]
    upper = sorted(range(len(labels.subdistricts)), key=lambda s: labels.subdistrict_codes[s])
    rows += [
        (
            "subdistrict",
            labels.subdistrict_codes[s],
            labels.subdistricts[s],
            DISTRICT_CODE,
            divisions.subdistrict_polygons[s],
        )
        for s in upper
    ]
    lower = sorted(range(len(labels.communities)), key=lambda c: labels.community_codes[c])
    rows += [
        (
            "community",
            labels.community_codes[c],
            labels.communities[c],
            labels.community_codes[c][:9],
            divisions.community_polygons[c],
        )
        for c in lower
    ]
    columns = {
        "level": [r[0] for r in rows],
        "code": [r[1] for r in rows],
        "name": [r[2].zh for r in rows],
        "name_en": [r[2].en for r in rows],
        "parent_code": [r[3] or None for r in rows],
    }
    return globe.frame(columns, [r[4] for r in rows])


def _compounds(globe: _Globe, grounds: Grounds, labels: Labels) -> gpd.GeoDataFrame:
    count = len(grounds.compounds)
    columns = {
        "code": [f"C{k + 1:05d}" for k in range(count)],
        "name": [n.zh for n in labels.compounds],
        "name_en": [n.en for n in labels.compounds],
    }
    return globe.frame(columns, [c.polygon for c in grounds.compounds])


def _landcover(globe: _Globe, grounds: Grounds, labels: Labels) -> gpd.GeoDataFrame:
    columns = {
        "code": [f"L{k + 1:05d}" for k in range(len(grounds.covers))],
        "kind": [c.kind for c in grounds.covers],
        "name": labels.cover_names,
    }
    return globe.frame(columns, [c.polygon for c in grounds.covers])


def _buildings(
    globe: _Globe, grounds: Grounds, divisions: Divisions, labels: Labels, homes: np.ndarray, seed: int
) -> gpd.GeoDataFrame:
    rng = np.random.default_rng([seed, 20])
    houses = grounds.houses
    people = np.round(homes * rng.normal(2.6, 0.16, len(homes)).clip(2.0, 3.3)).astype(int)
    columns = {
        "code": [f"B{k + 1:06d}" for k in range(len(houses))],
        "name": labels.house_names,
        "address": labels.house_addresses,
        "kind": [h.kind for h in houses],
        "floors": [h.floors for h in houses],
        "households": homes,
        "people": people,
        "key_persons": np.random.default_rng([seed, 21]).binomial(people, 0.004),
        "as_of": [LAST_DAY.isoformat()] * len(houses),
        "compound_code": [f"C{h.compound + 1:05d}" if h.compound >= 0 else None for h in houses],
        "community_code": [labels.community_codes[divisions.community[h.block]] for h in houses],
    }
    return globe.frame(columns, [h.polygon for h in houses])


def _barriers(globe: _Globe, grounds: Grounds, divisions: Divisions, labels: Labels) -> gpd.GeoDataFrame:
    """Street segments between crossings, the river, the railway, and walls with a gap at each gate."""
    rows: list[tuple[str, str | None, str | None, float | None, bool, bool, Any]] = []
    for segment, w in zip(divisions.segments, divisions.segment_way, strict=True):
        if w < 0 or divisions.ways[w].kind == "ghost":
            continue
        way: Way = divisions.ways[w]
        name = labels.roads[way.road].zh if way.road >= 0 else labels.river.zh if way.kind == "water" else None
        width = STREET_WIDTH[way.cls] if way.cls else None
        rows.append((way.kind, way.cls, name, width, way.bridge, way.tunnel, segment))
    for compound in grounds.compounds:
        if not compound.walled:
            continue
        wall = compound.polygon.exterior
        if compound.gates:
            wall = wall.difference(shapely.union_all(shapely.buffer(np.array(compound.gates), GATE_METRES)))
        rows.extend(
            ("wall", None, None, None, False, False, part) for part in shapely.get_parts(shapely.line_merge(wall))
        )
    names = ("kind", "class", "name", "width_m", "bridge", "tunnel")
    columns: dict[str, Any] = {"code": [f"S{k + 1:06d}" for k in range(len(rows))]}
    columns.update({n: [r[k] for r in rows] for k, n in enumerate(names)})
    return globe.frame(columns, [r[6] if r[6].geom_type != "LinearRing" else shapely.LineString(r[6]) for r in rows])


def write_sample(sample: Sample, out: Path) -> list[Path]:
    """Write a sample's files into a folder: GeoJSON, and CSV for events and workers; the same sample, the same bytes.

    Returns
    -------
    list of Path
        The files, in the order in which one would import them.
    """
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for item in fields(sample):
        frame = getattr(sample, item.name)
        spatial = isinstance(frame, gpd.GeoDataFrame)
        path = out / f"{item.name}.{'geojson' if spatial else 'csv'}"
        if frame.empty:  # the smallest districts have no land cover, and an empty file is refused by its reader
            path.unlink(missing_ok=True)
            continue
        (write_geojson if spatial else write_csv)(frame, path)
        paths.append(path)
    return paths
