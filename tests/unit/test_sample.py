"""Is the sample district whole, clean, believable, and the same every time?"""

from __future__ import annotations

import csv
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.sample import make_sample, write_sample
from data.sample.towns import joined
from gis.errors import InputError
from gis.graph import BARRIER_KINDS, STREET_CLASSES

PLANE = "EPSG:4547"
HOUSEHOLDS = 9_000


@pytest.fixture(scope="module")
def sample():
    return make_sample(HOUSEHOLDS, seed=1)


@pytest.fixture(scope="module")
def flat(sample):
    """The frames in metres."""
    names = ("divisions", "compounds", "landcover", "buildings", "barriers", "parts")
    return {n: getattr(sample, n).to_crs(PLANE) for n in names}


def communities_of(divisions):
    return divisions[divisions["level"] == "community"].reset_index(drop=True)


def overlaps(polygons):
    """Pairs of polygons with common ground."""
    a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    a, b = a[a < b], b[a < b]
    return int((shapely.area(shapely.intersection(polygons[a], polygons[b])) > 0).sum())


def class_names(kind):
    text = files("data").joinpath("codes", f"{kind}_classes.csv").read_text(encoding="utf-8")
    return {r["class"]: r["name"] for r in csv.DictReader(text.splitlines())}


# ---------------------------------------------------------------------------------------- the same every time
def test_same_seed_same_bytes_another_seed_another_city(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        paths = write_sample(make_sample(1_200, seed), tmp_path / name)
    assert [p.name for p in paths] == [
        "divisions.geojson", "compounds.geojson", "landcover.geojson", "buildings.geojson", "barriers.geojson",
        "parts.geojson", "events.csv", "workers.csv",
    ]  # fmt: skip
    for path in paths:
        first, second, other = ((tmp_path / folder / path.name).read_bytes() for folder in "abc")
        assert first == second, path.name
        assert first != other, path.name


def test_files_read_back_as_they_were(tmp_path):
    made = make_sample(700, seed=2)
    write_sample(made, tmp_path)
    for name in ("divisions", "buildings", "barriers", "parts"):
        frame, back = getattr(made, name), gpd.read_file(tmp_path / f"{name}.geojson")
        assert back.crs.to_epsg() == 4490
        assert back["code"].tolist() == frame["code"].tolist()
        assert shapely.equals_exact(shapely.normalize(back.geometry), shapely.normalize(frame.geometry), 1e-9).all()
    events = pd.read_csv(tmp_path / "events.csv", dtype=str)
    assert events["class"].str.fullmatch(r"\d{4}").all()
    assert events["lon"].dropna().str.fullmatch(r"\d{3}\.\d{7}").all()


@settings(max_examples=6, deadline=None)
@given(households=st.integers(500, 3_500), seed=st.integers(0, 2**20))
def test_any_size_and_seed_is_clean(households, seed):
    made = make_sample(households, seed)
    communities = communities_of(made.divisions)
    assert made.buildings["households"].sum() == households
    assert made.buildings["households"].min() >= 0
    assert shapely.coverage_is_valid(communities.geometry.to_numpy())
    assert overlaps(made.buildings.to_crs(PLANE).geometry.to_numpy()) == 0
    home = communities.set_index("code").geometry.loc[made.buildings["community_code"]]
    assert shapely.covers(home.to_numpy(), made.buildings.geometry.to_numpy()).all()
    assert made.buildings["code"].is_unique
    assert made.buildings["address"].is_unique


@pytest.mark.parametrize(("households", "seed"), [(499, 1), (3_000_001, 1), (1_000, -1)])
def test_what_cannot_be_made_is_refused(households, seed):
    with pytest.raises(InputError):
        make_sample(households, seed)


def _recode(town, codes):
    """Give subdistricts of a sample, and the communities in them, other codes."""
    for name, columns in (("divisions", ("code", "parent_code")), ("buildings", ("community_code",))):
        frame = getattr(town, name)
        for column in columns:
            frame[column] = frame[column].replace(codes, regex=True)
    town.workers["community_code"] = town.workers["community_code"].replace(codes, regex=True)


def test_several_towns_are_one_district():
    towns = [make_sample(households, seed) for households, seed in ((1_500, 1), (3_000, 2), (900, 3))]
    # large towns have subdistricts of two kinds, numbered from 001 and from 100
    for town, code in zip(towns, ("990101100", "990101099"), strict=False):
        _recode(town, {"990101001": code})
    made = joined(towns, PLANE)
    for name in ("compounds", "landcover", "buildings", "barriers", "parts", "events", "workers", "divisions"):
        frame, before = getattr(made, name), [getattr(town, name) for town in towns]
        assert frame["code"].is_unique
        assert len(frame) == sum(map(len, before)) - (2 if name == "divisions" else 0)
        assert list(frame.columns) == list(before[0].columns)
    flat = made.divisions.to_crs(PLANE)
    assert flat["level"].tolist() == sorted(flat["level"], key=["district", "subdistrict", "community"].index)
    assert flat.is_valid.all()
    communities = communities_of(flat)
    assert overlaps(communities.geometry.to_numpy()) == 0
    assert abs(communities.area.sum() - flat.area.iloc[0]) < 1.0
    assert abs(flat.area.iloc[0] - sum(town.divisions.to_crs(PLANE).area.iloc[0] for town in towns)) < 5.0
    assert set(made.divisions["parent_code"].dropna()) <= set(made.divisions["code"])
    assert made.divisions["name"].is_unique
    home = communities_of(made.divisions).set_index("code").geometry.loc[made.buildings["community_code"]]
    assert shapely.covers(home.to_numpy(), made.buildings.geometry.to_numpy()).all()
    grounds = made.compounds.set_index("code").geometry
    inside = made.buildings.dropna(subset="compound_code")
    walls = grounds.loc[inside["compound_code"]].to_crs(PLANE).buffer(0.02)
    assert shapely.covers(walls.to_numpy(), inside.to_crs(PLANE).geometry.to_numpy()).all()
    assert made.buildings["households"].sum() == 5_400
    assert made.buildings["address"].is_unique
    assert made.events["occurred_at"].is_monotonic_increasing
    assert made.events["lon"].isna().sum() == sum(town.events["lon"].isna().sum() for town in towns)
    assert set(made.workers["community_code"]) == set(communities["code"])


# ---------------------------------------------------------------------------------------- divisions
def test_divisions_nest_and_tile(sample, flat):
    frame = sample.divisions
    for level, digits in (("district", 6), ("subdistrict", 9), ("community", 12)):
        codes = frame.loc[frame["level"] == level, "code"]
        assert codes.str.fullmatch(rf"990101\d{{{digits - 6}}}").all()
    below = frame[frame["level"] != "district"]
    assert all(code.startswith(parent) for code, parent in zip(below["code"], below["parent_code"], strict=True))
    assert frame["name"].is_unique
    assert frame["name_en"].notna().all()
    levels = {level: group.geometry.to_numpy() for level, group in flat["divisions"].groupby("level")}
    assert {p.geom_type for p in levels["community"]} == {"Polygon"}
    whole = levels["district"][0]
    for level in ("subdistrict", "community"):
        assert shapely.area(levels[level]).sum() == pytest.approx(whole.area, abs=1)
        assert shapely.symmetric_difference(shapely.union_all(levels[level]), whole).area < 1


def test_communities_have_about_1200_households(sample):
    loads = sample.buildings.groupby("community_code")["households"].sum()
    assert 6 <= len(loads) <= 10
    assert loads.median() == pytest.approx(1_200, rel=0.2)
    assert loads.max() < 2_000


def test_most_community_borders_follow_streets_water_or_rails(flat):
    lines = communities_of(flat["divisions"]).geometry.boundary
    border = shapely.union_all(lines.to_numpy())
    ways = flat["barriers"][flat["barriers"]["kind"] != "wall"]
    near = shapely.union_all(shapely.buffer(ways.geometry.to_numpy(), 0.5))
    assert shapely.intersection(border, near).length / border.length > 0.93


# ---------------------------------------------------------------------------------------- ground
def test_no_building_stands_on_another_or_on_a_street(flat):
    buildings = flat["buildings"].geometry.to_numpy()
    assert flat["buildings"].is_valid.all()
    assert overlaps(buildings) == 0
    barriers = flat["barriers"]
    ground = barriers[~barriers["bridge"] & ~barriers["tunnel"]]
    crossed = shapely.STRtree(buildings).query(ground.geometry.to_numpy(), predicate="intersects")
    assert crossed.size == 0


def test_compounds_hold_their_buildings_and_no_others(flat):
    outlines, houses = flat["compounds"], flat["buildings"]
    assert overlaps(outlines.geometry.to_numpy()) == 0
    c, h = shapely.STRtree(houses.geometry.to_numpy()).query(outlines.geometry.to_numpy(), predicate="intersects")
    assert (outlines["code"].to_numpy()[c] == houses["compound_code"].to_numpy()[h]).all()
    assert len(h) == houses["compound_code"].notna().sum()


def test_the_city_has_what_a_city_has(sample):
    kinds = sample.buildings["kind"].value_counts()
    assert {"slab", "tower", "flats", "courtyard", "shop", "school", "factory", "village"} <= set(kinds.index)
    assert kinds["courtyard"] > 100
    towers = sample.buildings.loc[sample.buildings["kind"] == "tower", "households"]
    assert towers.between(40, 400).all()
    assert (towers >= 100).mean() > 0.5
    assert (sample.buildings.loc[sample.buildings["kind"] == "shop", "households"] == 0).all()
    assert {"water", "green", "campus", "farmland"} <= set(sample.landcover["kind"])
    barriers = sample.barriers
    assert set(barriers["kind"]) == set(BARRIER_KINDS)
    streets = barriers[barriers["kind"] == "street"]
    assert set(streets["class"]) == set(STREET_CLASSES)
    assert barriers["bridge"].any()
    assert barriers["tunnel"].any()
    assert streets.loc[streets["class"].isin(["primary", "secondary", "residential"]), "name"].notna().all()


def test_walls_are_open_at_gates(flat):
    walls = flat["barriers"][flat["barriers"]["kind"] == "wall"]
    assert len(walls)
    lanes = flat["barriers"][flat["barriers"]["class"] == "service"]
    hit = shapely.STRtree(walls.geometry.to_numpy()).query(lanes.geometry.to_numpy(), predicate="intersects")
    assert hit.size == 0


def test_addresses_are_of_the_street_or_the_compound(sample):
    inside = sample.buildings["compound_code"].notna() & (sample.buildings["kind"] != "shop")
    assert sample.buildings.loc[inside, "address"].str.contains(r"\d+号.+(?:幢|栋|号楼)$").all()
    assert sample.buildings.loc[~inside, "address"].str.fullmatch(r"\S+\d+号").all()


# ---------------------------------------------------------------------------------------- things and people
def test_parts_are_coded_by_class_and_lie_in_the_district(sample, flat):
    names = class_names("part")
    parts = sample.parts
    assert parts["code"].str.fullmatch(r"990101\d{10}").all()
    assert parts["code"].is_unique
    assert (parts["code"].str[6:10] == parts["class"]).all()
    assert parts["class"].map(names).tolist() == parts["class_name"].tolist()
    assert 2 <= HOUSEHOLDS / len(parts) <= 3
    district = flat["divisions"].geometry.iloc[0]
    assert shapely.dwithin(flat["parts"].geometry.to_numpy(), district, 0.5).all()
    lamps = flat["parts"][flat["parts"]["class"] == "0118"].geometry.to_numpy()
    streets = flat["barriers"][flat["barriers"]["kind"] == "street"].geometry.to_numpy()
    assert (shapely.distance(lamps, shapely.union_all(streets)) < 21).all()


def test_a_year_of_events_with_rhythm(sample, flat):
    events = sample.events
    assert len(events) == pytest.approx(0.34 * HOUSEHOLDS, rel=0.1)
    assert events["class"].map(class_names("event")).tolist() == events["class_name"].tolist()
    assert events["code"].is_unique
    at = pd.to_datetime(events["occurred_at"])
    assert at.is_monotonic_increasing
    assert pd.Timedelta("360D") < at.max() - at.min() < pd.Timedelta("366D")
    weekday = at.dt.day_of_week.value_counts()
    assert weekday[6] < 0.9 * weekday[0]
    assert at.dt.hour.between(8, 17).sum() > 3 * at.dt.hour.between(0, 5).sum()
    flood = at[events["class"] == "0406"].dt.month
    assert flood.between(5, 8).mean() > 0.5
    assert set(at[events["class"] == "0407"].dt.month) <= {11, 12, 1, 2, 3}

    known = events["lon"].notna()
    assert 2 <= (~known).sum() < 0.03 * len(events)
    assert (events["address"].str.len() > 3).all()
    points = gpd.GeoSeries(gpd.points_from_xy(events.lon[known], events.lat[known], crs=4490)).to_crs(PLANE).to_numpy()
    away = shapely.distance(points, flat["divisions"].geometry.iloc[0])
    assert 2 <= (away > 1).sum() < 0.02 * len(points)
    assert away.max() < 500
    streets = flat["barriers"][flat["barriers"]["kind"] == "street"].geometry.to_numpy()
    assert (shapely.distance(points, shapely.union_all(streets)) < 20).mean() > 0.7
    cells = pd.Series(list(zip(*(np.round(shapely.get_coordinates(points) / 60).T), strict=True))).value_counts()
    assert cells.max() > 8 * cells.mean()


def test_workers_have_impossible_numbers_and_uneven_numbers(sample):
    workers = sample.workers
    assert workers["phone"].str.fullmatch(r"000-\d{4}-\d{4}").all()
    assert workers["phone"].is_unique
    loads = sample.buildings.groupby("community_code")["households"].sum()
    assert set(workers["community_code"]) == set(loads.index)
    spare = workers.groupby("community_code").size() - (loads / 200).round().clip(lower=1)
    assert (spare < 0).any()
    assert (spare > 0).any()
    assert (spare == 0).mean() >= 0.5


@pytest.mark.parametrize("kind", ["part", "event"])
def test_code_tables_are_whole(kind):
    text = files("data").joinpath("codes", f"{kind}_classes.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    keys = [(r["standard"], r["class"]) for r in rows]
    assert len(set(keys)) == len(keys)
    assert all(len(r["class"]) == 4 and r["class"].startswith(r["major_class"]) for r in rows)
    assert all(r["name"] and r["name_en"] and r["major_name"] and r["major_name_en"] for r in rows)
