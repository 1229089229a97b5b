"""What of a district's ground is in an extract of OpenStreetMap?"""

from __future__ import annotations

import warnings
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from gis.errors import InputError, NoRowsError
from gis.ingest.osm_relations import area_relations
from gis.ingest.raw import RawTable
from gis.ingest.vocabulary import (
    BARRIER_KIND,
    LANDCOVER,
    LEVELS,
    NON_RESIDENTIAL,
    PART_CLASS,
    RAILWAY,
    STREET_CLASS,
    WATERWAY,
    fold_word,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import geopandas as gpd

    from gis.ingest.specs import FileSpec

__all__ = ["OSM_KINDS", "read_osm"]

ADMIN_LEVELS = {"6": "district", "8": "subdistrict", "10": "community"}
"""What ``admin_level`` means in China."""

COVER_TAGS = ("natural", "waterway", "landuse", "leisure", "amenity", "place")
PART_TAGS = (
    *("highway", "amenity", "emergency", "natural", "man_made", "leisure", "power", "public_transport"),
)  # fmt: skip
TOLD = 20


def read_osm(spec: FileSpec, *, hint: str = "") -> RawTable:
    """Read one kind of things from ``.osm.pbf`` or ``.osm`` (GDAL, driver OSM).

    Parameters
    ----------
    spec : FileSpec
        Of divisions: ``level`` says which ``admin_level`` are communities, or subdistricts and communities, or all
        three (``level=10``, ``level=9+10``, ``level=6+8+10``), ``within`` the name of the area they must lie in.
    hint : str
        The kind: one of `OSM_KINDS`.

    Returns
    -------
    RawTable
        Tags as columns; codes are ``n``, ``w`` or ``r`` and OpenStreetMap's number. Relations that make no area are
        told.

    Raises
    ------
    InputError
        When the file is damaged or the extract does not hold this kind of things.
    """
    make = _MAKERS.get(hint)
    if make is None:
        raise InputError(
            f"An extract of OpenStreetMap holds no {hint or 'such things'} ({spec.path.name}).",
            f"It holds {', '.join(OSM_KINDS)}.",
        )
    notes: list[str] = []
    frame = make(spec, notes)
    if len(frame) == 0:
        raise NoRowsError(f"{spec.path.name} holds no {hint}.", "Check that the extract covers the district.")
    shapes = np.asarray(frame.geometry.array, dtype=object)
    table = pd.DataFrame(frame.drop(columns="geometry")).reset_index(drop=True)
    return RawTable(table, shapes, pyproj.CRS.from_epsg(4326), spec.path.name, notes=notes, wide=True)


# ------------------------------------------------------------------------------------------ through GDAL
def _layer(path: Path, layer: str, where: str) -> gpd.GeoDataFrame:
    """One layer with `code` and `name`; the rows that `where` asks for."""
    config = resources.files("gis.ingest") / "osm.ini"
    with resources.as_file(config) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rings that are not closed: the relations are told by name
        try:
            # a statement lets the driver leave the other layers aside; its own index needs nodes in order
            wanted = f"SELECT * FROM {layer} WHERE {where}"  # noqa: S608 - GDAL's own language, and no one else's words
            frame = pyogrio.read_dataframe(path, sql=wanted, CONFIG_FILE=str(file), USE_CUSTOM_INDEXING="NO")
        except (DataSourceError, DataLayerError, FeatureError, UnicodeDecodeError) as fault:
            raise InputError(f"{path.name} cannot be read as OpenStreetMap ({fault}).", "Fetch it again.") from fault
    letter = {"points": "n", "lines": "w"}.get(layer, "r")
    codes = letter + frame["osm_id"].astype(str)
    if "osm_way_id" in frame:
        codes = codes.where(frame["osm_id"].notna(), "w" + frame["osm_way_id"].astype(str))
    frame["code"] = codes
    frame["name"] = frame["name:zh"].where(frame["name:zh"].notna(), frame["name"])
    frame = frame.drop(columns=["osm_id", "osm_way_id", "name:zh", "other_tags"], errors="ignore")
    return frame[~(frame.geometry.isna() | frame.geometry.is_empty)].reset_index(drop=True)


def _tell_lost(
    path: Path, found: gpd.GeoDataFrame, wanted: Callable[[Mapping[str, str]], bool], notes: list[str]
) -> None:
    """Name the relations that should make an area and do not: most often a border cut off by the extract."""
    lost = [
        f"r{number}" + (f" ({tags['name']})" if "name" in tags else "")
        for number, tags in area_relations(path).items()
        if wanted(tags)
    ]
    there = set(found["code"])
    lost = [name for name in lost if name.split(" ")[0] not in there]
    if lost:
        more = f" and {len(lost) - TOLD} more" if len(lost) > TOLD else ""
        notes.append(f"{len(lost)} relations make no closed area and are left out: {', '.join(lost[:TOLD])}{more}")


def _meaning(frame: gpd.GeoDataFrame, tags: tuple[str, ...], words: Mapping[str, str | None]) -> np.ndarray:
    """The meaning of the first tag that has one."""
    result = np.full(len(frame), None, dtype=object)
    for tag in reversed(tags):
        for row in np.flatnonzero(frame[tag].notna()):
            result[row] = words.get(fold_word(frame[tag].iloc[row])) or result[row]
    return result


# ------------------------------------------------------------------------------------------ by kind
def _buildings(spec: FileSpec, notes: list[str]) -> gpd.GeoDataFrame:
    frame = _layer(spec.path, "multipolygons", "building IS NOT NULL AND building <> 'no'")
    _tell_lost(spec.path, frame, lambda tags: tags.get("building", "no") != "no", notes)
    use = frame["building"].to_numpy(object)
    plain = frame["building"] == "yes"  # says nothing: what is in it does
    for tag in ("office", "amenity", "tourism"):
        known = frame[tag].map(lambda v: isinstance(v, str) and fold_word(v) in NON_RESIDENTIAL)
        use = np.where(plain & frame[tag].notna(), np.where(known, frame[tag], "public"), use)
    frame["kind"] = use
    return frame[
        [
            "code",
            "name",
            "kind",
            "building:levels",
            "building:flats",
            "height",
            "addr:street",
            "addr:housenumber",
            "geometry",
        ]
    ]


def _barriers(spec: FileSpec, notes: list[str]) -> gpd.GeoDataFrame:
    lines = _layer(
        spec.path,
        "lines",
        "highway IS NOT NULL OR railway IS NOT NULL OR waterway IS NOT NULL OR barrier IS NOT NULL"
        " OR natural = 'coastline'",
    )
    areas = _layer(
        spec.path,
        "multipolygons",
        "natural = 'water' OR waterway IS NOT NULL OR landuse IN ('reservoir', 'basin') OR barrier IS NOT NULL",
    )
    _tell_lost(spec.path, areas, lambda tags: tags.get("natural") == "water" or "waterway" in tags, notes)
    lines.loc[lines["natural"] == "coastline", "waterway"] = "coastline"
    wet = (areas["natural"] == "water") | areas["landuse"].isin(["reservoir", "basin"])
    areas.loc[wet & areas["waterway"].isna(), "waterway"] = "water"
    for tag in ("highway", "railway", "bridge", "tunnel", "width"):
        areas[tag] = None
    walled = (areas["barrier"].notna() & areas["waterway"].isna()).to_numpy(bool)
    areas.loc[walled, "geometry"] = areas.geometry[walled].boundary
    columns = ["code", "name", "highway", "railway", "waterway", "barrier", "bridge", "tunnel", "width", "geometry"]
    frame = pd.concat([lines[columns], areas[columns]], ignore_index=True)
    kind = np.full(len(frame), None, dtype=object)
    for tag, words, meant in (
        ("barrier", BARRIER_KIND, "wall"),
        ("waterway", WATERWAY, "water"),
        ("railway", RAILWAY, "rail"),
        ("highway", STREET_CLASS, "street"),
    ):
        folded = frame[tag].map(fold_word, na_action="ignore")
        known = folded.isin(words) if meant != "wall" else folded.map(words.get, na_action="ignore") == "wall"
        kind[known.to_numpy(bool)] = meant
    frame["kind"] = kind
    for tag, meant in (("highway", "street"), ("railway", "rail"), ("waterway", "water")):
        frame[tag] = frame[tag].where(frame["kind"] == meant, None)
    other = int(frame["kind"].isna().sum())
    if other:
        notes.append(f"{other} lines that bar no way are left out")
    result: gpd.GeoDataFrame = frame[frame["kind"].notna()].drop(columns="barrier").reset_index(drop=True)
    return result


def _landcover(spec: FileSpec, notes: list[str]) -> gpd.GeoDataFrame:
    some = " OR ".join(f"{tag} IS NOT NULL" for tag in COVER_TAGS)
    frame = _layer(spec.path, "multipolygons", f"building IS NULL AND ({some})")
    _tell_lost(spec.path, frame, lambda tags: any(LANDCOVER.get(tags.get(t, "")) for t in COVER_TAGS), notes)
    frame["kind"] = _meaning(frame, COVER_TAGS, LANDCOVER)
    return frame.loc[frame["kind"].notna(), ["code", "kind", "name", "geometry"]]


def _parts(spec: FileSpec, notes: list[str]) -> gpd.GeoDataFrame:  # noqa: ARG001 - points are never relations
    frame = _layer(spec.path, "points", " OR ".join(f"{tag} IS NOT NULL" for tag in PART_TAGS))
    frame["class_name"] = _meaning(frame, PART_TAGS, {word: word for word in PART_CLASS})
    return frame.loc[frame["class_name"].notna(), ["code", "class_name", "name", "geometry"]]


def _divisions(spec: FileSpec, notes: list[str]) -> gpd.GeoDataFrame:
    frame = _layer(spec.path, "multipolygons", "boundary = 'administrative' AND admin_level IS NOT NULL")
    levels = _levels(spec)
    within = spec.option("within")
    _tell_lost(
        spec.path,
        frame,
        lambda tags: tags.get("boundary") == "administrative" and tags.get("admin_level") in levels,
        notes,
    )
    own = frame["ref"].map(lambda v: isinstance(v, str) and v.isdigit() and len(v) in {6, 9, 12})
    frame["code"] = frame["code"].where(~own, frame["ref"])
    frame["level"] = frame["admin_level"].map(levels)
    if within is not None:
        frame = _within(frame, within, spec.path.name)
    frame = frame[frame["level"].notna()]
    if len(frame) == 0:
        raise NoRowsError(
            f"{spec.path.name} holds no administrative areas of admin_level {', '.join(levels)}.",
            "Say which are the communities: FILE:level=9, or import divisions from another file.",
        )
    return frame.rename(columns={"name:en": "name_en"})[["code", "name", "name_en", "level", "geometry"]]


def _levels(spec: FileSpec) -> dict[str, str]:
    """Which ``admin_level`` is which level."""
    said = spec.option("level")
    if said is None:
        return ADMIN_LEVELS
    word = LEVELS.get(fold_word(said))
    if word is not None:
        return {number: level for number, level in ADMIN_LEVELS.items() if level == word}
    numbers = said.split("+")
    if not all(n.isdigit() for n in numbers) or len(numbers) > len(ADMIN_LEVELS):
        raise InputError(f"'{said}' is no level of divisions.", "Write level=community, level=10 or level=6+8+10.")
    names = list(ADMIN_LEVELS.values())
    return dict(zip(numbers, names[-len(numbers) :], strict=True))


def _within(frame: gpd.GeoDataFrame, name: str, file: str) -> gpd.GeoDataFrame:
    """The area of that name or code as the district, and what lies in it."""
    named = frame[(frame[["name", "name:en", "code"]] == name).any(axis=1)]
    if len(named) == 0:
        raise InputError(f"{file} holds no administrative area {name}.", "Check the name; it is that of the map.")
    chosen = named.index[int(np.argmax(shapely.area(np.asarray(named.geometry.array))))]
    outline = frame.geometry[chosen]
    shapely.prepare(outline)
    spots = shapely.point_on_surface(np.asarray(frame.geometry.array))
    frame["level"] = frame["level"].where(frame["level"] != "district", None)
    frame.loc[chosen, "level"] = "district"
    result: gpd.GeoDataFrame = frame[shapely.contains(outline, spots)]
    return result


_MAKERS: dict[str, Callable[[FileSpec, list[str]], gpd.GeoDataFrame]] = {
    "divisions": _divisions,
    "landcover": _landcover,
    "buildings": _buildings,
    "barriers": _barriers,
    "parts": _parts,
}
OSM_KINDS = tuple(_MAKERS)
"""Kinds that an extract can hold."""
