"""Is a folder understood by its names, the sample's and those of the real cities?"""

import pandas as pd
import pytest
import shapely

from gis.errors import InputError
from gis.ingest import read_folder, recognise_folder
from tests import made_city


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "town"
    place.mkdir()
    made_city.divisions().to_file(place / "divisions.geojson")
    made_city.buildings().to_file(place / "buildings.geojson")
    made_city.streets().assign(kind="street").to_file(place / "barriers.geojson")
    made_city.lamps().head(200).to_parquet(place / "parts.parquet")
    return place


def test_a_folder_is_read_kind_by_kind(folder):
    read = read_folder(folder)
    assert (read.code, read.time_zone, read.crs_note) == ("990101", "Asia/Shanghai", "EPSG:4326 -> EPSG:4490")
    batches = read.batches
    assert [b.kind for b in batches] == ["divisions", "buildings", "barriers", "parts"]
    assert batches[3].report.tally()["shift_checked"] == 1


def test_names_formats_and_what_is_skipped(folder):
    made_city.buildings().to_parquet(folder / "buildings.parquet")
    (folder / "events.csv").write_text("id\n")
    (folder / "events_raw.csv.gz").write_text("")
    (folder / "notes.csv").write_text("a\n")
    (folder / "README.md").write_text("words")
    found = recognise_folder(folder)
    files = {item.kind: [f.path.name for f in item.files] for item in found}
    assert list(files) == ["divisions", "buildings", "barriers", "parts", "events"]
    assert files["buildings"] == ["buildings.parquet"]
    assert files["events"] == ["events.csv"]
    assert {name for name, _ in found.skipped} == {"buildings.geojson", "events_raw.csv.gz", "notes.csv"}


def test_a_folder_without_divisions_and_no_folder(tmp_path):
    with pytest.raises(InputError, match="no divisions"):
        recognise_folder(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        recognise_folder(tmp_path / "nowhere")


def test_codes_that_name_no_district_take_the_folders_name(folder):
    frame = made_city.communities().assign(code=list("ABCDEF"))
    (folder / "divisions.geojson").unlink()
    frame.to_file(folder / "communities.geojson")
    made_city.divisions().head(1)[["geometry"]].to_file(folder / "city_boundary.geojson")
    (folder / "buildings.geojson").unlink()
    read = read_folder(folder, known_zone={"town": "Asia/Urumqi"}.get)
    assert (read.code, read.time_zone) == ("town", "Asia/Urumqi")
    divisions = read.batches[0].frame.set_index("code")
    assert divisions.loc["town", "level"] == "district"
    assert divisions.loc["A", "parent_code"] == "town"


# ------------------------------------------------------------------------------------------ real cities
def frames(cities, city):
    read = read_folder(cities(city))
    assert read.code == city
    return {b.kind: b.frame for b in read.batches}


def test_cambridge_is_read_whole(cities):
    read = frames(cities, "cambridge_ma")
    assert {k: len(v) for k, v in read.items()} == {
        "divisions": 14, "landcover": 74, "buildings": 13_034, "barriers": 2_809, "parts": 19_144, "events": 9_110,
    }  # fmt: skip
    lots = read["buildings"]
    assert lots["households"].sum() == 42_227
    assert lots["households"].isna().sum() == 307
    assert not lots["estimated"].any()
    assert lots["code"].is_unique
    barriers = read["barriers"]
    assert barriers["kind"].value_counts().to_dict() == {"street": 2_643, "rail": 92, "water": 74}
    classes = barriers["class"].value_counts().to_dict()
    assert classes == {"residential": 1_726, "secondary": 633, "primary": 284}
    assert barriers["bridge"].sum() == 15  # rails on viaducts
    parts = read["parts"].groupby("class_name")["class"].first()
    assert (parts["street_light"], parts["hydrant"]) == ("0118", "0113")
    events = read["events"]
    assert events["occurred_at"].min() >= pd.Timestamp("2010-01-01", tz="America/New_York")
    assert events["occurred_at"].max() < pd.Timestamp("2016-07-01", tz="America/New_York")
    for frame in read.values():
        assert frame.geometry.is_valid.all()


def test_cambridge_events_without_coordinates_are_kept_when_asked_for(cities):
    from gis.ingest import read_kind

    raw = read_kind("events", [cities("cambridge_ma") / "events_raw.csv.gz"])
    assert len(raw.frame) == 10_335
    assert raw.frame.geometry.isna().sum() == 1_225
    whole = read_kind("events", [cities("cambridge_ma") / "events.parquet"]).frame.set_index("code")
    same = raw.frame.set_index("code").loc[whole.index]
    assert (same["occurred_at"] == whole["occurred_at"]).all()
    assert shapely.equals_exact(same.geometry.array, whole.geometry.array, 1e-9).all()


def test_monaco_is_read_with_its_estimates_apart(cities):
    read = frames(cities, "monaco_osm")
    assert {k: len(v) for k, v in read.items()} == {
        "divisions": 9, "landcover": 209, "buildings": 1_228, "barriers": 3_331, "parts": 1_426,
    }  # fmt: skip
    houses = read["buildings"]
    assert houses["households"].sum() == 24_285
    assert houses["estimated"].all()
    assert houses["community_code"].isin(read["divisions"]["code"]).all()
    assert houses["address"].notna().sum() > 100
    barriers = read["barriers"]
    assert barriers.query("kind == 'street'")["class"].notna().all()
    assert barriers.query("kind == 'street'")["tunnel"].sum() > 200
    assert (barriers["kind"] == "rail").sum() == 11  # neither abandoned tracks nor platforms


def test_singapore_is_read_by_points(cities):
    read = frames(cities, "singapore_hdb")
    blocks = read["buildings"]
    assert (blocks.geometry.geom_type == "Point").all()
    assert blocks["households"].sum() == 100_354
    assert blocks["address"][0].startswith("1 LOR 7")
    assert read["divisions"]["level"].eq("community").all()
    assert read["divisions"]["properties"][0]["planning_area"] == "Toa Payoh"
