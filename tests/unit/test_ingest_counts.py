"""Are counts, states of buildings and events, and grids in force read for what they say?"""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gis._file_ground import _read_others
from gis.errors import InputError
from gis.ingest import DistrictBounds, ReadOptions, read_kind
from gis.progress import quiet
from tests import made_city

HOME = (116.4, 39.9)


def table(folder, text, name="data.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rules(batch):
    return batch.report.tally()


# ------------------------------------------------------------------------------------------ household counts
def test_counts_are_read_by_building_and_date(tmp_path):
    path = table(tmp_path, "楼栋编码,户数,人口,统计日期,是否估算\n0001,48,120,2025-12-31,否\n0001,50,,2026/3/31,是\n")
    batch = read_kind("households", [path])
    assert batch.frame["building_code"].tolist() == ["0001", "0001"]
    assert batch.frame["households"].tolist() == [48, 50]
    assert batch.frame["people"].tolist()[0] == 120
    assert batch.frame["as_of"].tolist() == [dt.date(2025, 12, 31), dt.date(2026, 3, 31)]
    assert batch.frame["estimated"].tolist() == [False, True]
    assert batch.frame.geometry.isna().all()


def test_counts_without_a_date_take_the_one_that_was_named(tmp_path):
    path = table(tmp_path, "building_code,households\nA,3\n")
    day = dt.date(2026, 6, 30)
    assert read_kind("households", [path], options=ReadOptions(as_of=day)).frame["as_of"].tolist() == [day]
    assert read_kind("households", [path]).frame["as_of"].tolist() == [None]


def test_two_counts_of_one_building_and_date_are_a_fault_the_same_twice_is_none(tmp_path):
    path = table(tmp_path, "楼栋编码,户数,统计日期\nA,3,2026-01-01\nB,5,2026-01-01\nB,5,2026-01-01\nA,4,2026-01-01\n")
    with pytest.raises(InputError) as caught:
        read_kind("households", [path])
    told = [(r.rule, r.row, r.code) for r in caught.value.report.errors]
    assert told == [("count_contradicts", 1, "A"), ("count_contradicts", 4, "A")]
    assert "row 4" in caught.value.report.errors[0].message
    batch = read_kind("households", [path], options=ReadOptions(accept_partial=True))
    assert batch.frame["building_code"].tolist() == ["B"]
    assert rules(batch)["count_repeated"] == 1


@pytest.mark.parametrize(
    ("row", "rule"),
    [(",5", "building_code_missing"), ("A,", "households_missing"), ("A,x", "households_not_a_number")],
)
def test_a_count_needs_building_and_number(tmp_path, row, rule):
    path = table(tmp_path, f"楼栋编码,户数\nZ,1\n{row}\n")
    with pytest.raises(InputError) as caught:
        read_kind("households", [path])
    assert rule in {r.rule for r in caught.value.report.errors}
    assert {r.row for r in caught.value.report.errors} == {2}


@pytest.mark.parametrize("name", ["重点人员数", "重点人数", "key_persons", "Key Persons", "KEY_PERSON"])
@pytest.mark.parametrize("kind", ["households", "buildings"])
def test_key_persons_are_a_number_of_a_building_under_their_names(tmp_path, kind, name):
    path = table(
        tmp_path, f"楼栋编码,户数,人口,{name},经度,纬度\nA,3,9,2,116.4,39.9\nB,4,9,,116.4,39.9\nC,5,,0,116.4,39.9\n"
    )
    frame = read_kind(kind, [path]).frame
    assert frame["key_persons"].tolist() == [2, pd.NA, 0]
    assert frame["people"].tolist() == [9, 9, pd.NA]


@pytest.mark.parametrize(
    ("said", "rule"),
    [("-1", "negative"), ("1.5", "not_whole"), ("张三", "not_a_number"), ("13800000000", "too_many")],
)
@pytest.mark.parametrize("kind", ["households", "buildings"])
def test_key_persons_that_are_no_number_are_refused_once_and_nobody_is_named(tmp_path, kind, said, rule):
    path = table(tmp_path, f"楼栋编码,户数,重点人员数,经度,纬度\nA,3,2,116.4,39.9\nB,4,{said},116.4,39.9\n")
    with pytest.raises(InputError) as caught:
        read_kind(kind, [path])
    (told,) = caught.value.report.errors
    assert (told.rule, told.row, told.field, told.code) == (f"key_persons_{rule}", 2, "重点人员数", "B")
    assert told.remedy
    assert said not in told.message + str(caught.value)
    batch = read_kind(kind, [path], options=ReadOptions(accept_partial=True))
    assert batch.frame["key_persons"].tolist() == [2]


def test_two_numbers_of_key_persons_for_one_date_are_a_fault(tmp_path):
    path = table(tmp_path, "楼栋编码,户数,重点人员数,统计日期\nA,3,1,2026-01-01\nA,3,2,2026-01-01\n")
    with pytest.raises(InputError) as caught:
        read_kind("households", [path])
    assert [r.rule for r in caught.value.report.errors] == ["count_contradicts"] * 2


# ------------------------------------------------------------------------------------------ states
@pytest.mark.parametrize(
    ("word", "state", "told"),
    [("已结案", "closed", 0), ("closed", "closed", 0), ("办结", "closed", 0), ("处置中", "open", 0),
     ("待派遣", "open", 0), ("Open", "open", 0), ("", "closed", 0), ("蓝色", "closed", 1)],
)  # fmt: skip
def test_events_are_open_or_closed(tmp_path, word, state, told):
    path = table(
        tmp_path, f"事件编号,事件类型,发生时间,状态,经度,纬度\nE1,暴露垃圾,2026-03-01 08:00,{word},116.4,39.9\n"
    )
    batch = read_kind("events", [path])
    assert batch.frame["state"].tolist() == [state]
    assert rules(batch).get("state_unknown", 0) == told


def test_a_time_of_closing_is_local_and_must_fit(tmp_path):
    path = table(
        tmp_path,
        "code,type,time,status,结案时间,lon,lat\n"
        "1,t,2026-03-01 08:00,已结案,2026-03-02 08:00,116.4,39.9\n"
        "2,t,2026-03-01 08:00,已结案,2026-02-02 08:00,116.4,39.9\n"
        "3,t,2026-03-01 08:00,处置中,2026-03-02 08:00,116.4,39.9\n"
        "4,t,2026-03-01 08:00,已结案,soon,116.4,39.9\n",
    )
    batch = read_kind("events", [path])
    assert batch.frame["closed_at"][0] == pd.Timestamp("2026-03-02T00:00Z")
    assert batch.frame["closed_at"].isna().tolist() == [False, True, True, True]
    assert {"closed_before_occurred", "closed_though_open", "closed_at_unreadable"} <= set(rules(batch))


def test_buildings_stand_are_gone_or_not_there_yet(tmp_path):
    rows = "".join(f"{c},5,{s},116.4,39.9\n" for c, s in zip("ABCD", ("", "已拆除", "在建", "花园"), strict=True))
    batch = read_kind("buildings", [table(tmp_path, f"楼栋编码,户数,状态,经度,纬度\n{rows}")])
    assert dict(zip(batch.frame["code"], batch.frame["state"], strict=True)) == {
        "A": "existing", "B": "demolished", "D": "existing",
    }  # fmt: skip
    assert rules(batch)["state_unknown"] == 1
    assert rules(batch)["state_not_on_the_ground"] == 1


# ------------------------------------------------------------------------------------------ grids in force
def test_grids_keep_broken_polygons_and_tell_them(tmp_path):
    x, y = HOME
    bow = shapely.Polygon([(x, y), (x + 0.01, y + 0.01), (x + 0.01, y), (x, y + 0.01)])
    frame = gpd.GeoDataFrame(
        {
            "网格编码": ["G1", "G2"],
            "网格名称": ["一", "二"],
            "网格类型": ["基础网格", "专属网格"],
        },
        geometry=[shapely.box(x, y, x + 0.01, y + 0.01), bow],
        crs=4490,
    )
    frame.to_file(tmp_path / "grids.geojson")
    batch = read_kind("grids", [tmp_path / "grids.geojson"])
    assert batch.frame["kind"].tolist() == ["basic", "dedicated"]
    assert batch.frame["name"].tolist() == ["一", "二"]
    assert batch.frame.geometry.is_valid.tolist() == [True, False]
    told = [(r.row, r.code) for r in batch.report.remarks if r.rule == "polygon_invalid"]
    assert told == [(2, "G2")]


def test_grids_need_code_and_ground(tmp_path):
    path = table(tmp_path, 'code,kind,wkt\n,basic,"POLYGON((116 39,116 40,117 40,116 39))"\nB,nonsense,\nC,basic,\n')
    with pytest.raises(InputError) as caught:
        read_kind("grids", [path])
    assert {"code_missing", "kind_unknown", "geometry_missing"} <= {r.rule for r in caught.value.report.errors}


def test_file_mode_leaves_demolished_buildings_out(tmp_path):
    frame = made_city.buildings().head(5).assign(状态=["已拆除", *["现存"] * 4])
    frame.to_file(tmp_path / "b.gpkg")
    bounds, columns = DistrictBounds("x", made_city.communities()), {"households": None, "community_code": None}
    reports = []
    read = _read_others({"buildings": [tmp_path / "b.gpkg"]}, bounds, columns, None, reports, quiet)
    assert read["buildings"]["code"].tolist() == frame["building_id"].tolist()[1:]
    assert reports[0].tally()["demolished_left_out"] == 1
