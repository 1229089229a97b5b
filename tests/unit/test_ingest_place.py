"""Are coordinates that do not fit refused with the best fitting reading named, and those that fit left in peace?"""

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import crs
from gis.errors import InputError
from gis.ingest import DistrictBounds, ReadOptions, diagnose, read_kind
from gis.ingest.shift import Evidence, judge_shift, weigh
from tests import made_city


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """All layers of the town as files, and the bounds that each later layer is judged by."""
    folder = tmp_path_factory.mktemp("town")
    for name in ("divisions", "streets", "buildings", "lamps"):
        getattr(made_city, name)().to_parquet(folder / f"{name}.parquet")
    divisions = read_kind("divisions", [folder / "divisions.parquet"]).frame
    bounds = DistrictBounds(made_city.DISTRICT, divisions)
    full = dataclasses.replace(bounds, buildings=made_city.buildings(), streets=made_city.streets())
    return folder, bounds, full


def refused(kind, frame, folder, bounds, **options):
    path = folder / "given.parquet"
    frame.to_parquet(path)
    with pytest.raises(InputError) as fault:
        read_kind(kind, [path], district=bounds, options=ReadOptions(**options))
    return fault.value


# ------------------------------------------------------------------------------------------ readings
METRES = (4548, 4547, 4527, 4526, 32650, 3857)


@pytest.mark.parametrize("code", METRES)
@pytest.mark.parametrize("swapped", [False, True])
def test_metres_taken_for_degrees_name_their_zone(town, tmp_path, code, swapped):
    frame = made_city.lamps(made_city.METRIC).to_crs(code).set_crs(4326, allow_override=True)
    if swapped:
        frame = frame.set_geometry(
            gpd.GeoSeries(shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1]), crs=4326)
        )
    fault = refused("parts", frame, tmp_path, town[1])
    assert f"EPSG:{code}" in fault.message
    assert "0% of the rows lie in or near district 990101" in fault.message
    assert f"--crs EPSG:{code}" in fault.remedy
    assert ("--swap-axes" in fault.remedy) is swapped
    done = read_kind(
        "parts", [tmp_path / "given.parquet"], district=town[1], options=ReadOptions(crs=code, swap_axes=swapped)
    )
    assert len(done.frame) == len(frame)


def test_swapped_degrees_are_named_and_can_be_asked_for(town, tmp_path):
    frame = made_city.buildings()
    turned = frame.set_geometry(
        gpd.GeoSeries(shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1]), crs=4326)
    )
    fault = refused("buildings", turned, tmp_path, town[1])
    assert "swapped axes (latitude first)" in fault.message
    assert "--accept-crs" in fault.remedy
    batch = read_kind("buildings", [tmp_path / "given.parquet"], district=town[1], options=ReadOptions(swap_axes=True))
    assert batch.frame.geometry.iloc[0].centroid.distance(frame.geometry.iloc[0].centroid) < 1e-9


def test_a_wrong_zone_is_named(town, tmp_path):
    frame = made_city.buildings(made_city.METRIC).set_crs(4549, allow_override=True)
    assert "EPSG:4548" in refused("buildings", frame, tmp_path, town[1]).message


def test_another_town_is_refused_and_can_be_insisted_on(town, tmp_path):
    frame = made_city.lamps()
    frame = frame.set_geometry(frame.geometry.translate(3.0, -2.0))
    fault = refused("parts", frame, tmp_path, town[1])
    assert "No known reading fits" in fault.message
    batch = read_kind("parts", [tmp_path / "given.parquet"], district=town[1], options=ReadOptions(accept_crs=True))
    assert len(batch.frame) == len(frame)


def test_single_rows_far_outside_are_refused_or_kept_as_the_kind_says(town, tmp_path):
    frame = made_city.lamps().head(20)
    moved = frame.geometry.copy()
    moved[3] = shapely.Point(117.5, 39.9)
    frame = frame.set_geometry(moved)
    fault = refused("parts", frame, tmp_path, town[1])
    assert [(r.row, r.rule) for r in fault.report.errors] == [(4, "outside_district")]
    frame["occurred_at"] = "2026-01-01 08:00"
    events = frame.rename(columns={"asset_id": "event_id", "asset_type": "category"})
    events.to_parquet(tmp_path / "e.parquet")
    batch = read_kind("events", [tmp_path / "e.parquet"], district=town[1])
    assert len(batch.frame) == 20
    assert batch.report.tally()["outside_district"] == 1
    lines = made_city.streets()
    lines = lines.set_geometry(lines.geometry.where(lines.index != 0, lines.geometry.translate(1.0, 0)))
    lines.to_parquet(tmp_path / "s.parquet")
    batch = read_kind("barriers", [tmp_path / "s.parquet"], district=town[1])
    assert (len(batch.frame), batch.report.counts["left_out"]) == (len(lines) - 1, 1)


def test_without_a_district_only_the_impossible_is_refused(town, tmp_path):
    metres = made_city.divisions(made_city.METRIC)
    assert "look like metres" in refused("divisions", metres.set_crs(4326, allow_override=True), tmp_path, None).message
    prefixed = metres.to_crs(4527).set_crs(4326, allow_override=True)
    assert "EPSG:4527" in refused("divisions", prefixed, tmp_path, None).message
    degrees = made_city.divisions()
    turned = degrees.set_geometry(
        gpd.GeoSeries(shapely.transform(degrees.geometry.array, lambda xy: xy[:, ::-1]), crs=4326)
    )
    assert "swapped axes" in refused("divisions", turned, tmp_path, None).message
    harvard = gpd.GeoDataFrame({"code": ["1"]}, geometry=[shapely.box(42.36, -71.12, 42.38, -71.1)], crs=4326)
    assert "swapped axes" in refused("divisions", harvard, tmp_path, None).message  # Antarctica


def test_no_crs_named_is_read_as_degrees_where_that_fits(town, tmp_path):
    path = tmp_path / "p.csv"
    spots = made_city.lamps().head(30).geometry
    path.write_text("id,type,lon,lat\n" + "\n".join(f"L{i},bench,{p.x},{p.y}" for i, p in enumerate(spots)))
    batch = read_kind("parts", [path], district=town[1])
    assert set(batch.frame["raw_crs"]) == {"EPSG:4490"}


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([*METRES, 4490, "gcj02", "bd09"]), st.booleans(), st.integers(0, 2**16))
def test_diagnose_finds_the_reading_that_was_used(code, swapped, seed):
    bounds = DistrictBounds(made_city.DISTRICT, made_city.communities())
    west, south, east, north = bounds.box
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(west, east, 300), rng.uniform(south, north, 300)
    if code == "gcj02":
        x, y = crs.wgs84_to_gcj02(lon, lat)
    elif code == "bd09":
        x, y = crs.wgs84_to_bd09(lon, lat)
    else:
        from pyproj import Transformer

        x, y = Transformer.from_crs(4490, code, always_xy=True).transform(lon, lat)
    points = np.column_stack([y, x] if swapped else [x, y])
    best = diagnose(points, None, bounds)[0]
    if code in {"gcj02", "bd09"} and swapped:
        assert best.swapped
        return
    # within a few hundred metres the coarse fit cannot tell a shift: that is what `judge_shift` is for
    assert (best.source.name in {"EPSG:4490", "gcj02", "bd09"}) == (code in {4490, "gcj02", "bd09"})
    if isinstance(code, int) and code != 4490:
        assert best.source.name == f"EPSG:{code}"
    assert best.swapped is swapped
    assert best.around == 1.0


# ------------------------------------------------------------------------------------------ shifts
FORWARD = {"gcj02": crs.wgs84_to_gcj02, "bd09": crs.wgs84_to_bd09}
LAYERS = {"buildings": made_city.buildings, "parts": made_city.lamps, "barriers": made_city.streets}


@pytest.mark.parametrize("shift", ["gcj02", "bd09"])
@pytest.mark.parametrize("kind", list(LAYERS))
def test_a_shifted_layer_beside_unshifted_ones_is_refused(town, tmp_path, kind, shift):
    frame = LAYERS[kind]()
    fault = refused(kind, made_city.shifted(frame, FORWARD[shift]), tmp_path, town[2])
    assert {"gcj02": "GCJ-02", "bd09": "BD-09"}[shift] in fault.message
    assert f"--crs {shift}" in fault.remedy
    batch = read_kind(kind, [tmp_path / "given.parquet"], district=town[2], options=ReadOptions(crs=shift))
    assert batch.report.tally()["shift_checked"] == 1
    middle = frame.geometry.iloc[5].centroid
    assert batch.frame.geometry.iloc[5].centroid.distance(middle) < 1e-7
    accepted = read_kind(kind, [tmp_path / "given.parquet"], district=town[2], options=ReadOptions(accept_crs=True))
    assert accepted.frame.geometry.iloc[5].centroid.distance(middle) > 1e-3


@pytest.mark.parametrize("kind", list(LAYERS))
def test_an_unshifted_layer_is_taken_and_its_wrong_declaration_refused(town, tmp_path, kind):
    frame = LAYERS[kind]()
    frame.to_parquet(tmp_path / "good.parquet")
    batch = read_kind(kind, [tmp_path / "good.parquet"], district=town[2])
    assert batch.report.tally()["shift_checked"] == 1
    fault = refused(kind, frame, tmp_path, town[2], crs="gcj02")
    assert "not shifted" in fault.message
    assert "--crs EPSG:4490" in fault.remedy


def test_buildings_beside_divisions_alone_are_enough(town, tmp_path):
    frame = made_city.buildings(points=True).drop(columns="community_id")
    shifted = made_city.shifted(frame, crs.wgs84_to_gcj02)
    fault = refused("buildings", shifted, tmp_path, town[1])
    assert "GCJ-02" in fault.message
    assert "inside_district" in fault.message


def test_shifted_divisions_are_blamed_when_everything_else_fits_only_so(town, tmp_path):
    wrong = made_city.shifted(made_city.divisions(), crs.wgs84_to_gcj02)
    wrong["level"] = ["district", "subdistrict"] + ["community"] * 6
    fault = refused("buildings", made_city.buildings(), tmp_path, DistrictBounds(made_city.DISTRICT, wrong))
    assert "layers already imported, which look like GCJ-02" in fault.message


def test_where_all_are_shifted_alike_nobody_can_know_and_the_report_says_so(town, tmp_path):
    made_city.shifted(made_city.divisions(), crs.wgs84_to_gcj02).to_parquet(tmp_path / "d.parquet")
    report = read_kind("divisions", [tmp_path / "d.parquet"]).report
    told = next(r for r in report.remarks if r.rule == "shift_unknowable")
    assert "nobody can know" in told.message
    shifted = dataclasses.replace(
        town[1], divisions=made_city.shifted(made_city.divisions(), crs.wgs84_to_gcj02),
        streets=made_city.shifted(made_city.streets(), crs.wgs84_to_gcj02),
    )  # fmt: skip
    made_city.shifted(made_city.buildings(), crs.wgs84_to_gcj02).to_parquet(tmp_path / "b.parquet")
    assert len(read_kind("buildings", [tmp_path / "b.parquet"], district=shifted).frame) == len(made_city.buildings())


def test_few_rows_in_the_middle_cannot_tell_and_are_taken(town, tmp_path):
    middle = made_city.lamps().iloc[[100, 101, 102]]
    middle.to_parquet(tmp_path / "few.parquet")
    report = read_kind("parts", [tmp_path / "few.parquet"], district=town[1]).report
    assert report.tally()["shift_unknowable"] == 1


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(list(LAYERS)), st.integers(5, 400), st.integers(0, 2**16), st.floats(0, 6.28), st.floats(450, 1400)
)
def test_no_false_alarm_whatever_part_of_a_layer_comes(kind, count, seed, angle, metres):
    """The true reading never loses against one some hundred metres off, in any direction, for any part of a layer."""
    bounds = DistrictBounds(made_city.DISTRICT, made_city.communities(), made_city.buildings(), made_city.streets())
    frame = LAYERS[kind]().rename(columns={"community_id": "community_code"}).to_crs(4490)
    rng = np.random.default_rng(seed)
    frame = frame.iloc[rng.permutation(len(frame))[:count]]
    dx, dy = bounds.margin(metres)
    evidence = weigh(kind, frame, lambda x, y: (x + dx * np.cos(angle), y + dy * np.sin(angle)), bounds)
    assert all(e.speaks <= 0 for e in evidence)


def test_evidence_needs_numbers_and_a_majority():
    assert Evidence("x", 15, 0).speaks == 0
    assert Evidence("x", 16, 0).speaks == 1
    assert Evidence("x", 0, 30).speaks == -1
    assert Evidence("x", 5500, 4500).speaks == 0  # 10 sigmas, yet hardly more than chance
    assert Evidence("x", 0, 0).sigmas == 0


@pytest.mark.parametrize("city", ["cambridge_ma", "monaco_osm"])
def test_real_layers_raise_no_false_alarm(cities, city):
    from gis.ingest import read_folder

    frames = {b.kind: b.frame for b in read_folder(cities(city)).batches}
    streets = frames["barriers"].query("kind == 'street' and not bridge and not tunnel")
    bounds = DistrictBounds(city, frames["divisions"], frames["buildings"], streets)
    dx, dy = bounds.margin(574.0)
    for kind in ("buildings", "barriers", "parts", "events"):
        if kind not in frames:
            continue
        for angle in (0.3, 3.4):
            east, north = dx * np.cos(angle), dy * np.sin(angle)
            good = weigh(kind, frames[kind], lambda x, y, e=east, n=north: (x + e, y + n), bounds)
            assert max(e.speaks for e in good) <= 0, (kind, good)
            shape = shapely.transform(frames[kind].geometry.array, lambda xy, e=east, n=north: xy + np.array([e, n]))
            moved = frames[kind].set_geometry(gpd.GeoSeries(shape, index=frames[kind].index, crs=4490))
            bad = weigh(kind, moved, lambda x, y, e=east, n=north: (x - e, y - n), bounds)
            assert max(e.speaks for e in bad) == 1, (kind, bad)


def test_judging_outside_china_is_not_done(town):
    verdict = judge_shift("parts", made_city.lamps(), crs.parse_crs(4326), town[1])
    assert verdict.better is None
    assert verdict.tested
