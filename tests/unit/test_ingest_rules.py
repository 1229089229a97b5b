"""Does each rule refuse, mend or tell what it should, with row, field, rule and remedy?"""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InputError
from gis.ingest import KINDS, DistrictBounds, ReadOptions, estimate_households, read_kind
from gis.ingest.columns import as_time
from gis.ingest.kinds import fold_name
from tests import made_city

SPOT = (116.41, 39.93)
PARTIAL = ReadOptions(accept_partial=True)


def save(folder, columns, shapes=None, name="rows.geojson", crs=4326):
    shapes = shapes or [
        shapely.box(x, 39.93, x + 0.0005, 39.9302) for x in 116.4 + 0.001 * np.arange(len(next(iter(columns.values()))))
    ]
    path = folder / name
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def faults(kind, path, **options):
    with pytest.raises(InputError) as fault:
        read_kind(kind, [path], options=ReadOptions(**options))
    assert fault.value.exit_code == 3
    assert all(r.remedy for r in fault.value.report.errors)
    return [(r.row, r.field, r.rule) for r in fault.value.report.errors], fault.value


# ------------------------------------------------------------------------------------------ households
def test_negative_broken_and_written_households_are_each_refused(tmp_path):
    path = save(tmp_path, {"编码": list("ABCDE"), "户数": ["12", "-3", "4.5", "许多", "无"]})
    told, fault = faults("buildings", path)
    assert set(told) == {
        (2, "户数", "households_negative"),
        (3, "户数", "households_not_whole"),
        (4, "户数", "households_not_a_number"),
    }
    assert "nothing was imported" in fault.message
    batch = read_kind("buildings", [path], options=PARTIAL)
    assert batch.frame["code"].tolist() == ["A", "E"]
    assert batch.frame["households"].tolist() == [12, pd.NA]
    assert batch.report.counts == {"rows": 5, "accepted": 2, "refused": 3, "left_out": 0}


def test_unknown_households_stay_unknown_until_an_estimate_is_asked_for(tmp_path):
    square = shapely.box(0, 0, 30, 30)
    shapes = gpd.GeoSeries([square, square, shapely.Point(0, 0)]).translate(*made_city.ORIGIN)
    frame = gpd.GeoDataFrame(
        {"id": ["A", "B", "C"], "households": [7.0, np.nan, np.nan], "floors": [6, 10, 6]},
        geometry=shapes,
        crs=made_city.METRIC,
    )
    frame.to_parquet(tmp_path / "b.parquet")
    plain = read_kind("buildings", [tmp_path / "b.parquet"])
    assert plain.frame["households"].tolist() == [7, pd.NA, pd.NA]
    remark = next(r for r in plain.report.remarks if r.rule == "households_unknown")
    assert remark.amount == 2
    assert "--estimate-households" in remark.remedy
    guess = read_kind("buildings", [tmp_path / "b.parquet"], options=ReadOptions(estimate_households=True))
    assert guess.frame["households"].tolist() == [7, 80, pd.NA]  # 900 m2 x 10 x 0.8 / 90
    assert guess.frame["estimated"].tolist() == [False, True, False]
    assert "0.8 / 90" in next(r.message for r in guess.report.remarks if r.rule == "households_estimated")


def test_estimates_by_use_height_and_the_usual_floors():
    square = shapely.box(0, 0, 30, 30)
    frame = gpd.GeoDataFrame(
        {
            "kind": ["apartments", "apartments", "retail", "house", "apartments", "yes"],
            "floors": [9, None, 5, None, None, 3],
            "height_m": [None, 30.0, None, None, None, None],
        },
        geometry=[square, square, square, square, shapely.box(0, 0, 5, 5), shapely.box(0, 0, 90, 10)],
        crs=4548,
    )
    assert estimate_households(frame).tolist() == [72, 80, 0, 1, 0, 24]


def test_a_column_of_estimates_is_kept_apart(tmp_path):
    path = save(tmp_path, {"building_id": ["A", "B"], "households_est": [30.4, 0.0]})
    frame = read_kind("buildings", [path]).frame
    assert frame["households"].tolist() == [30, 0]
    assert frame["estimated"].all()


def test_dates_of_counts_come_from_the_rows_or_the_caller(tmp_path):
    path = save(tmp_path, {"id": ["A", "B"], "households": [1, 2], "统计日期": ["2025-12-31", None]})
    frame = read_kind("buildings", [path], options=ReadOptions(as_of=dt.date(2026, 6, 30))).frame
    assert frame["as_of"].tolist() == [dt.date(2025, 12, 31), dt.date(2026, 6, 30)]
    bad = save(tmp_path, {"id": ["A"], "households": [1], "统计日期": ["去年"]}, name="bad.parquet")
    assert faults("buildings", bad)[0] == [(1, "统计日期", "date_unreadable")]


# ------------------------------------------------------------------------------------------ codes
def test_a_duplicated_code_names_both_rows(tmp_path):
    path = save(tmp_path, {"building_id": ["A", "B", "A", "C", "A"], "households": [1] * 5})
    with pytest.raises(InputError) as fault:
        read_kind("buildings", [path])
    told = {r.row: r.message for r in fault.value.report.errors}
    assert set(told) == {1, 3, 5}
    assert "row 3" in told[1]
    assert "row 1" in told[3]
    assert read_kind("buildings", [path], options=PARTIAL).frame["code"].tolist() == ["B", "C"]


def test_codes_keep_their_zeros_and_spreadsheet_damage_is_refused(tmp_path):
    (tmp_path / "w.csv").write_text("工号,姓名,社区代码\n0071,甲,990101001001\n0072,乙,9.90101E+11\n")
    assert faults("workers", tmp_path / "w.csv")[0] == [(2, "社区代码", "code_mangled")]
    numeric = save(tmp_path, {"building_id": [110101001.0, 2.0], "households": [1, 2]})
    assert read_kind("buildings", [numeric]).frame["code"].tolist() == ["110101001", "2"]


def test_derived_codes_follow_the_content_not_the_order(tmp_path):
    lines = [shapely.LineString([(116.4 + i / 1000, 39.9), (116.4 + i / 1000, 39.91)]) for i in range(4)]
    first = save(tmp_path, {"highway": ["path"] * 4}, lines)
    once = read_kind("barriers", [first]).frame
    again = save(tmp_path, {"highway": ["path"] * 4}, lines[::-1], name="other.parquet")
    turned = read_kind("barriers", [again]).frame
    assert once["code"].is_unique
    assert once["code"].tolist() == turned["code"].tolist()[::-1]
    twins = save(tmp_path, {"highway": ["path"] * 4}, [lines[0]] * 4, name="twins.parquet")
    assert read_kind("barriers", [twins]).frame["code"].str[-2:].tolist()[1:] == ["-2", "-3", "-4"]


def test_a_missing_code_among_codes_is_refused(tmp_path):
    path = save(tmp_path, {"building_id": ["A", None, "C"], "households": [1] * 3})
    assert faults("buildings", path)[0] == [(2, "code", "code_missing")]


# ------------------------------------------------------------------------------------------ geometry
def bow_tie(x, y, side=0.0005):
    return shapely.Polygon([(x, y), (x + side, y + side), (x + side, y), (x, y + side)])


def test_a_self_crossing_polygon_is_refused_with_its_place(tmp_path):
    shapes = [shapely.box(116.4, 39.93, 116.4005, 39.9305), bow_tie(*SPOT)]
    told, fault = faults("buildings", save(tmp_path, {"building_id": ["A", "B"], "households": [1, 2]}, shapes))
    assert told == [(2, None, "polygon_crosses_itself")]
    assert "116.4102500, 39.9302500" in fault.report.errors[0].message
    assert fault.report.errors[0].code == "B"


def test_what_has_one_meaning_is_mended_and_told(tmp_path):
    x, y = SPOT
    ring = [(x, y), (x + 0.002, y), (x + 0.002, y + 0.001), (x + 0.001, y), (x, y + 0.001)]  # touches itself
    sliver = [(x, y), (x + 0.002, y), (x + 0.002, y + 0.001), (x + 0.000_99, y + 0.001), (x + 0.001, y + 0.001_000_01),
              (x + 0.001, y + 0.000_999_99), (x + 0.000_99, y + 0.001_000_01), (x, y + 0.001)]  # fmt: skip
    flat = shapely.Polygon([(x + 0.01, y), (x + 0.012, y), (x + 0.012, y + 0.001)])
    parts = shapely.MultiPolygon(
        [shapely.box(x, y, x + 0.002, y + 0.002), shapely.box(x + 0.001, y, x + 0.003, y + 0.001)]
    )
    shapes = [shapely.Polygon(ring), shapely.Polygon(sliver), flat, parts]
    assert shapely.is_valid(shapes).tolist() == [False, False, True, False]
    batch = read_kind("buildings", [save(tmp_path, {"building_id": list("ABCD"), "households": [1] * 4}, shapes)])
    assert batch.frame.geometry.is_valid.all()
    assert [r.row for r in batch.report.remarks if r.rule == "polygon_mended"] == [1, 2, 4]
    assert shapely.area(batch.frame.geometry[3]) == pytest.approx(5e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=4, max_size=9, unique=True))
def test_whatever_is_accepted_is_valid_and_keeps_its_area(corners):
    from gis.ingest.shapes import _turned_area, check_shapes
    from gis.ingest.sieve import Sieve
    from gis.remarks import Report

    ring = shapely.Polygon([(116.4 + 0.01 * x, 39.9 + 0.01 * y) for x, y in corners])
    sieve = Sieve(Report("test"), 1)
    shape = check_shapes(KINDS["buildings"], np.asarray([ring], dtype=object), sieve)[0]
    assert (shape is None) == bool(sieve.refused[0])
    if shape is not None:
        assert shape.is_valid
        assert shape.area == pytest.approx(abs(_turned_area(ring)), rel=0.0011)
    else:
        assert not ring.is_valid or ring.area == 0


def test_wrong_missing_and_impossible_geometries(tmp_path):
    line = shapely.LineString([SPOT, (116.42, 39.93)])
    shapes = [
        line,
        None,
        shapely.Point(SPOT),
        shapely.MultiPoint([SPOT]),
        shapely.LinearRing([(116.4, 39.93), (116.401, 39.93), (116.401, 39.931)]),
    ]
    path = save(tmp_path, {"building_id": list("ABCDE"), "households": [1] * 5}, shapes)
    assert faults("buildings", path)[0] == [(2, None, "geometry_missing"), (1, None, "geometry_type")]
    batch = read_kind("buildings", [path], options=PARTIAL)
    assert batch.frame.geometry.geom_type.tolist() == ["Point", "Point", "Polygon"]
    assert batch.report.tally()["line_closed"] == 1


def test_parts_drawn_as_areas_become_points_and_zero_is_no_place(tmp_path):
    shapes = [shapely.Point(SPOT), shapely.box(*SPOT, 116.42, 39.94), shapely.Point(0, 0)]
    path = save(tmp_path, {"id": list("ABC"), "type": ["bench", "绿地", "bench"]}, shapes)
    assert faults("parts", path)[0] == [(3, None, "geometry_missing")]
    batch = read_kind("parts", [path], options=PARTIAL)
    assert batch.frame.geometry.geom_type.tolist() == ["Point", "Point"]
    assert batch.frame["state"].tolist() == ["intact", "intact"]


# ------------------------------------------------------------------------------------------ words
def test_part_states_classes_and_codes(tmp_path):
    columns = {
        "部件编码": ["9901010118000001", "99010101018000002", "X3", "X4"],
        "部件类型": ["路灯", "路灯", "bench", "怪物"],
        "状态": ["完好", "破损", None, "丢失"],
    }
    spots = [shapely.Point(116.4 + i / 1000, 39.9) for i in range(4)]
    frame = read_kind("parts", [save(tmp_path, columns, spots)]).frame
    assert frame["class"].tolist() == ["0118", "01018", "0407", None]
    assert frame["state"].tolist() == ["intact", "damaged", "intact", "missing"]
    strange = save(tmp_path, {"id": ["A"], "type": ["bench"], "state": ["闹鬼"]}, spots[:1], name="s.parquet")
    told, fault = faults("parts", strange)
    assert told == [(1, "state", "state_unknown")]
    assert "damaged" in fault.report.errors[0].remedy


def test_streets_speak_osm_chinese_and_local_classes(tmp_path):
    words = ["primary_link", "主干路", "living_street", "construction", None, "steps"]
    lines = [shapely.LineString([(116.4, 39.9 + i / 1000), (116.41, 39.9 + i / 1000)]) for i in range(6)]
    columns = {
        "highway": words,
        "bridge": ["yes", None, "no", None, "viaduct", None],
        "tunnel": [None] * 5 + ["building_passage"],
    }
    batch = read_kind("barriers", [save(tmp_path, columns, lines)])
    assert batch.frame["class"].tolist() == ["primary", "primary", "residential", None, "path"]
    assert batch.frame["bridge"].tolist() == [True, False, False, True, False]
    assert batch.frame["tunnel"].tolist() == [False] * 4 + [True]
    assert batch.report.tally()["class_not_on_the_ground"] == 1
    assert batch.report.counts["left_out"] == 1
    odd = save(tmp_path, {"road": ["xyz"]}, lines[:1], name="odd.parquet")
    told, _ = faults("barriers", f"{odd}:kind=street,class=road")
    assert told == [(1, "road", "class_unknown")]


def test_kinds_of_barriers_by_option_column_and_name(tmp_path):
    lines = [shapely.LineString([(116.4, 39.9 + i / 1000), (116.41, 39.9 + i / 1000)]) for i in range(3)]
    mixed = save(
        tmp_path,
        {"highway": ["path", None, None], "railway": [None, "rail", None], "waterway": [None, None, "river"]},
        lines,
    )
    assert read_kind("barriers", [mixed]).frame["kind"].tolist() == ["street", "rail", "water"]
    bare = save(tmp_path, {"note": list("abc")}, lines, name="walls.parquet")
    assert read_kind("barriers", [bare]).frame["kind"].tolist() == ["wall"] * 3
    unnamed = save(tmp_path, {"note": list("abc")}, lines, name="lines.parquet")
    with pytest.raises(InputError, match="what kind of barriers"):
        read_kind("barriers", [unnamed])
    rail = save(
        tmp_path,
        {"fclass": ["rail", "abandoned", "tram"], "grade": [None, None, "Above-Grade"]},
        lines,
        name="r.parquet",
    )
    frame = read_kind("barriers", [f"{rail}:kind=rail"]).frame
    assert frame["kind"].tolist() == ["rail", "rail"]
    assert frame["class"].isna().all()
    assert frame["bridge"].tolist() == [False, True]
    with pytest.raises(InputError, match="no class of streets"):
        read_kind("barriers", [f"{bare}:kind=street,class=nothing"])


def test_workers_must_name_a_place(tmp_path):
    (tmp_path / "w.csv").write_text(
        "工号,姓名,网格编码,社区代码\n1,甲,990101001001007,\n2,乙,,990101001002\n3,丙,,\n4,,,990101001002\n"
    )
    told, _ = faults("workers", tmp_path / "w.csv")
    assert set(told) == {(3, "grid_code", "place_missing"), (4, "name", "name_missing")}
    frame = read_kind("workers", [tmp_path / "w.csv"], options=PARTIAL).frame
    assert frame[["grid_code", "community_code"]].notna().sum(axis=1).tolist() == [1, 1]


def test_names_of_communities_become_codes(tmp_path):
    bounds = DistrictBounds("990101", read_kind("divisions", [save_town(tmp_path)]).frame)
    named = made_city.buildings().head(3).assign(community_id=["第一社区", "990101001001", "海底社区"])
    named.to_parquet(tmp_path / "b.parquet")
    batch = read_kind("buildings", [tmp_path / "b.parquet"], district=bounds)
    assert batch.frame["community_code"].tolist() == ["990101001001", "990101001001", "海底社区"]
    strange = [(r.row, r.remedy) for r in batch.report.remarks if r.rule == "community_unknown"]
    assert strange == [(3, "Check the community's code or name.")]


def test_addresses_are_put_together(tmp_path):
    path = save(
        tmp_path, {"id": list("ABC"), "street": ["Main St", "建国北路", None], "house_number": ["12", "586号3幢", "7"]}
    )
    frame = read_kind("buildings", [path]).frame
    assert frame["address"].tolist() == ["12 Main St", "建国北路586号3幢", None]
    assert frame["address_key"][1] == "建国北路586号3幢"


# ------------------------------------------------------------------------------------------ columns
def test_the_map_wins_and_mistakes_in_it_are_named(tmp_path):
    path = save(tmp_path, {"bh": ["A"], "hs2": [5], "households": [9]})
    frame = read_kind("buildings", [path], options=ReadOptions(map={"bh": "code", "hs2": "households"})).frame
    assert (frame["code"][0], frame["households"][0]) == ("A", 5)
    for wrong, said in (({"nope": "code"}, "no column 'nope'"), ({"bh": "colour"}, "no field 'colour'")):
        with pytest.raises(InputError, match=said):
            read_kind("buildings", [path], options=ReadOptions(map=wrong))


def test_no_alias_leads_to_two_fields():
    for kind in KINDS.values():
        owners = {}
        for field in kind.fields:
            for name in field.names:
                if fold_name(field.name) != name:
                    assert owners.setdefault(name, field.name) == field.name, (kind.name, name)


def test_the_reading_is_told(tmp_path):
    path = save(tmp_path, {"楼栋编码": ["A"], "户数": [5], "备注": ["x"]})
    report = read_kind("buildings", [path]).report
    told = next(r.message for r in report.remarks if r.rule == "reading")
    assert "楼栋编码 -> code" in told
    assert "户数 -> households" in told
    assert "EPSG:4326 (as the file says)" in told
    assert "备注" in next(r.message for r in report.remarks if r.rule == "columns_unused")


# ------------------------------------------------------------------------------------------ times
@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-05 14:30", "2026-03-05 06:30"), ("2026-03-05T14:30:00+08:00", "2026-03-05 06:30"),
        ("2026-03-05T06:30:00Z", "2026-03-05 06:30"), ("2026/3/5 14:30", "2026-03-05 06:30"),
        ("2026/03/05 14:30:15", "2026-03-05 06:30:15"), ("20260305143000", "2026-03-05 06:30"),
        ("2026年3月5日 14时30分", "2026-03-05 06:30"), ("2026年3月5日", "2026-03-04 16:00"),
        ("2026-03-05", "2026-03-04 16:00"),
    ],
)  # fmt: skip
def test_times_as_offices_write_them(written, utc):
    times, unreadable = as_time(pd.Series([written]), "Asia/Shanghai")
    assert not unreadable.any()
    assert times[0] == pd.Timestamp(utc, tz="UTC")


def test_unreadable_times_and_the_hours_of_the_clock_change():
    times, unreadable = as_time(pd.Series(["昨天", "0001-01-01", None, "无", "99"]), "Asia/Shanghai")
    assert unreadable.tolist() == [True, True, False, False, True]
    assert times.isna().all()
    times, _ = as_time(pd.Series(pd.to_datetime(["2015-11-01 01:30", "2015-03-08 02:30"])), "America/New_York")
    assert times.tolist() == [pd.Timestamp("2015-11-01 06:30", tz="UTC"), pd.Timestamp("2015-03-08 07:00", tz="UTC")]


def test_events_are_local_and_those_without_place_are_kept(tmp_path):
    (tmp_path / "e.csv").write_text(
        "事件编号,事件类型,发生时间,地址,经度,纬度\n"
        "1,暴露垃圾,2026-03-05 14:30,柳岸路1号,116.41,39.93\n2,占道经营,2026-03-05 08:00,,,\n"
    )
    batch = read_kind("events", [tmp_path / "e.csv"])
    assert batch.frame["occurred_at"].tolist() == [
        pd.Timestamp("2026-03-05 06:30", tz="UTC"),
        pd.Timestamp("2026-03-05 00:00", tz="UTC"),
    ]
    assert batch.frame.geometry.isna().tolist() == [False, True]
    assert batch.report.tally()["events_unlocated"] == 1
    told = read_kind("events", [tmp_path / "e.csv"], options=ReadOptions(time_zone="UTC")).frame
    assert told["occurred_at"][0] == pd.Timestamp("2026-03-05 14:30", tz="UTC")
    (tmp_path / "bad.csv").write_text("id,type,time\n1,a,2026-03-05 14:30\n2,b,yesterday\n3,c,\n")
    assert set(faults("events", tmp_path / "bad.csv")[0]) == {
        (2, "occurred_at", "time_unreadable"),
        (3, "occurred_at", "time_missing"),
    }


# ------------------------------------------------------------------------------------------ divisions
def save_town(folder, frame=None):
    path = folder / "divisions.geojson"
    (made_city.divisions() if frame is None else frame).to_file(path)
    return path


def test_levels_parents_and_district_come_from_the_codes(tmp_path):
    batch = read_kind("divisions", [save_town(tmp_path)])
    assert batch.district == "990101"
    assert batch.frame["level"].tolist() == ["district", "subdistrict"] + ["community"] * 6
    assert batch.frame["parent_code"].tolist() == [None, "990101"] + ["990101001"] * 6
    assert (batch.frame.geometry.geom_type == "MultiPolygon").all()


def test_parents_by_position_and_properties_are_kept(tmp_path):
    frame = made_city.divisions()
    frame["code"] = [f"C{i}" for i in range(len(frame))]
    frame["level"] = ["区", "街道"] + ["社区"] * 6
    frame["population_2020"] = 1000
    batch = read_kind("divisions", [save_town(tmp_path, frame)], options=ReadOptions(district="town"))
    assert batch.district == "town"
    assert batch.frame["parent_code"].tolist() == [None, "C0"] + ["C1"] * 6
    assert batch.frame["properties"][0] == {"population_2020": 1000}
    with pytest.raises(InputError, match="--district"):
        read_kind("divisions", [save_town(tmp_path, frame)])


def test_divisions_of_two_districts_in_one_file(tmp_path):
    frame = made_city.divisions()
    frame.loc[7, "code"] = "990102001001"
    with pytest.raises(InputError, match=r"several districts: 990101 \(7\), 990102 \(1\)"):
        read_kind("divisions", [save_town(tmp_path, frame)])


def test_unknown_kinds_levels_and_no_files(tmp_path):
    with pytest.raises(InputError, match="no kind of data"):
        read_kind("trees", ["x.geojson"])
    with pytest.raises(InputError, match="No file"):
        read_kind("parts", [])
    with pytest.raises(InputError, match="no level"):
        read_kind("divisions", [save_town(tmp_path)], options=ReadOptions(level="planet"))
    with pytest.raises(InputError, match="There is no file"):
        read_kind("parts", [tmp_path / "nowhere.csv"])
