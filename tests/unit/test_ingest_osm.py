"""Does an extract of OpenStreetMap give buildings, barriers, land cover, divisions and parts?"""

import pytest

from gis.errors import InputError
from gis.ingest import DistrictBounds, ReadOptions, read_folder, read_kind
from gis.ingest.osm_relations import area_relations
from tests.osm_files import town


@pytest.fixture(scope="module", params=["town.osm", "town.osm.pbf"])
def extract(request, tmp_path_factory):
    return town().save(tmp_path_factory.mktemp("osm") / request.param)


@pytest.fixture(scope="module")
def district(extract):
    frame = read_kind("divisions", [extract], options=ReadOptions(district="110101")).frame
    return DistrictBounds("110101", frame)


def test_divisions_by_their_admin_level(extract):
    batch = read_kind("divisions", [extract], options=ReadOptions(district="110101"))
    rows = batch.frame.set_index("name")
    assert rows["level"].to_dict() == {"甲社区": "community", "乙社区": "community", "某区": "district"}
    assert rows.loc["乙社区", "code"] == "110101001002"
    assert rows.loc["甲社区", "code"] == "r5000"
    assert rows.loc["甲社区", "name_en"] == "A"
    assert rows.loc["甲社区", "parent_code"] == rows.loc["某区", "code"]
    told = batch.report.remarks[0].message
    assert "1 relations make no closed area and are left out: r5002 (丙社区)" in told


def test_levels_can_be_said_and_an_area_named(extract):
    only = read_kind("divisions", [f"{extract}:level=community"], options=ReadOptions(district="x")).frame
    assert set(only["name"]) == {"甲社区", "乙社区"}
    other = read_kind("divisions", [f"{extract}:level=6"], options=ReadOptions(district="x")).frame
    assert other[["name", "level"]].to_numpy().tolist() == [["某区", "community"]]
    inside = read_kind("divisions", [f"{extract}:within=甲社区"], options=ReadOptions(district="x")).frame
    assert inside[["name", "level"]].to_numpy().tolist() == [["甲社区", "district"]]
    with pytest.raises(InputError, match="no administrative area 无名"):
        read_kind("divisions", [f"{extract}:within=无名"])
    with pytest.raises(InputError, match="admin_level 7"):
        read_kind("divisions", [f"{extract}:level=7"])
    with pytest.raises(InputError, match="no level"):
        read_kind("divisions", [f"{extract}:level=high"])


def test_buildings_with_floors_and_address_those_elsewhere_left_out(extract, district):
    batch = read_kind("buildings", [extract], options=ReadOptions(estimate_households=True), district=district)
    frame = batch.frame.set_index("code")
    assert len(frame) == 6
    assert batch.report.counts["left_out"] == 1
    slabs = frame[frame["floors"] == 6]
    assert sorted(slabs["address"]) == [f"春晖路{i}" for i in range(4)]
    assert (slabs["households"] > 0).all()
    school = frame[frame["name"] == "小学"].iloc[0]
    assert (school["kind"], school["households"]) == ("school", 0)


def test_barriers_are_streets_rails_waters_and_walls(extract, district):
    batch = read_kind("barriers", [extract], district=district)
    frame = batch.frame
    kinds = frame.groupby("kind").size().to_dict()
    assert kinds == {"street": 2, "rail": 1, "water": 2, "wall": 2}
    assert set(frame[frame["kind"] == "street"]["class"]) == {"residential", "expressway"}
    assert frame[frame["class"] == "expressway"]["bridge"].all()
    assert frame[frame["kind"] == "rail"]["tunnel"].all()
    assert frame[frame["name"] == "春晖路"]["width_m"].tolist() == [9]
    assert set(frame[frame["kind"] == "water"].geometry.geom_type) == {"LineString", "MultiPolygon"}
    assert set(frame[frame["kind"] == "wall"].geometry.geom_type) <= {"LineString", "MultiLineString"}
    assert "1 lines that bar no way" in batch.report.remarks[0].message
    assert batch.report.tally()["class_not_on_the_ground"] == 1


def test_land_cover_and_parts(extract, district):
    cover = read_kind("landcover", [extract], district=district).frame
    assert sorted(cover["kind"]) == ["built_up", "green", "water"]
    parts = read_kind("parts", [extract], district=district).frame
    assert sorted(parts["class_name"]) == ["bench", "street_lamp"]
    assert set(parts["class"]) == {"0407", "0118"}
    with pytest.raises(InputError, match="holds no events"):
        read_kind("events", [extract])


def test_the_file_itself_knows_its_relations(extract):
    found = area_relations(extract)
    assert {tags.get("name") for tags in found.values()} == {"甲社区", "乙社区", "丙社区", "某区", None}
    assert len(found) == 5


def test_a_folder_takes_from_the_extract_what_no_other_file_gives(tmp_path):
    town().save(tmp_path / "某市.osm.pbf")
    (tmp_path / "parts.csv").write_text("部件编码,部件类型,经度,纬度\nP1,路灯,116.405,39.905\n", encoding="utf-8")
    read = read_folder(tmp_path, ReadOptions(district="110101"))
    rows = {batch.kind: len(batch.frame) for batch in read.batches}
    assert rows == {"divisions": 3, "landcover": 3, "buildings": 6, "barriers": 7, "parts": 1}


@pytest.mark.parametrize("name", ["bad.osm", "bad.osm.pbf"])
def test_a_damaged_extract_is_told(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x00\x00\x00\x05hello" * 9)
    with pytest.raises(InputError, match="cannot be read as OpenStreetMap"):
        read_kind("buildings", [tmp_path / name])
