"""Is bad input one clear message, an exit code that is not 0, and a database left as it was?"""

import zipfile

import geopandas as gpd
import pytest
import shapely

from gis.crs import wgs84_to_gcj02
from tests import made_city
from tests.integration.imports import contents, run


@pytest.fixture(scope="module")
def town(databases, tmp_path_factory):
    """Give a database with the divisions, streets and buildings of the made town."""
    from gis.ingest import read_folder
    from gis.store.connect import connect
    from gis.store.write import write_batch

    folder = tmp_path_factory.mktemp("town")
    made_city.divisions().to_parquet(folder / "divisions.parquet")
    made_city.streets().to_parquet(folder / "streets.parquet")
    made_city.buildings().to_parquet(folder / "buildings.parquet")
    with databases.clone() as clone:
        with connect(clone.app_url) as connection:
            read = read_folder(folder)
            for batch in read.batches:
                write_batch(connection, read.code, batch)
        yield clone


def corrupt_zip(folder):
    made_city.buildings().head(20).rename(columns={"community_id": "sqdm", "building_id": "code"}).to_file(
        folder / "b.shp"
    )
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in folder.glob("b.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    whole = (folder / "b.zip").read_bytes()
    (folder / "b.zip").write_bytes(whole[: len(whole) // 2])
    return "buildings", folder / "b.zip"


def swapped_axes(folder):
    frame = made_city.buildings()
    turned = shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1])
    return "buildings", save(frame.set_geometry(gpd.GeoSeries(turned, crs=4326)), folder)


def gcj02_buildings(folder):
    return "buildings", save(made_city.shifted(made_city.buildings(), wgs84_to_gcj02), folder)


def gcj02_parts(folder):
    return "parts", save(made_city.shifted(made_city.lamps(), wgs84_to_gcj02), folder)


def gcj02_streets(folder):
    return "barriers", save(made_city.shifted(made_city.streets(), wgs84_to_gcj02), folder)


def metres_as_degrees(folder):
    return "parts", save(made_city.lamps(made_city.METRIC).set_crs(4326, allow_override=True), folder)


def negative_households(folder):
    frame = made_city.buildings()
    frame.loc[11, "households"] = -4
    return "buildings", save(frame, folder)


def duplicated_code(folder):
    frame = made_city.buildings()
    frame.loc[30, "building_id"] = frame.loc[7, "building_id"]
    return "buildings", save(frame, folder)


def self_crossing(folder):
    frame = made_city.buildings()
    west, south, east, north = frame.geometry[5].bounds
    shapes = frame.geometry.copy()
    shapes[5] = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    return "buildings", save(frame.set_geometry(shapes), folder)


def empty_file(folder):
    (folder / "given.geojson").write_bytes(b"")
    return "parts", folder / "given.geojson"


def no_features(folder):
    (folder / "given.geojson").write_text('{"type":"FeatureCollection","features":[]}')
    return "parts", folder / "given.geojson"


def save(frame, folder):
    frame.to_file(folder / "given.geojson")
    return folder / "given.geojson"


CASES = [
    (corrupt_zip, ["b.zip is not a readable zip file", "Transfer or zip it again"]),
    (swapped_axes, ["swapped axes (latitude first)", "--swap-axes"]),
    (gcj02_buildings, ["fit better as GCJ-02", "--crs gcj02", "--accept-crs", "m off"]),
    (gcj02_parts, ["fit better as GCJ-02", "--crs gcj02"]),
    (gcj02_streets, ["fit better as GCJ-02", "--crs gcj02"]),
    (metres_as_degrees, ["Best fitting reading: metres in EPSG:4548", "--crs EPSG:4548"]),
    (negative_households, ["row 12", "households are -4, below 0", "--accept-partial"]),
    (duplicated_code, ["code B0007 is also that of row 31", "own code"]),
    (self_crossing, ["row 6", "crosses itself at 116.4", "redraw it"]),
    (empty_file, ["given.geojson is empty", "Export it again"]),
    (no_features, ["given.geojson has no rows", "Export it again"]),
]


@pytest.mark.parametrize(("make", "said"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_bad_input_is_one_clear_message_and_changes_nothing(make, said, town, tmp_path, capsys, monkeypatch):
    kind, path = make(tmp_path)
    before = contents(town)
    done = run(capsys, monkeypatch, town, "import", kind, path)
    assert done.code == 3
    for words in said:
        assert words in done.err, done.err
    assert done.err.count("gridkeeper:") == 1
    assert "Traceback" not in done.err + done.out
    assert contents(town) == before


def test_a_long_report_prints_the_first_rows_and_keeps_them_all(town, tmp_path, capsys, monkeypatch):
    frame = made_city.buildings()
    frame.loc[:49, "households"] = -1
    before = contents(town)
    done = run(
        capsys, monkeypatch, town, "import", "buildings", save(frame, tmp_path), "--report", tmp_path / "all.json"
    )
    assert done.code == 3
    assert done.out.count("households_negative") == 20 + 1  # 20 rows and the sum
    assert "In all: households_negative 50" in done.out
    assert "all.json" in done.out.replace("\n", "")
    assert (tmp_path / "all.json").read_text().count("households_negative") == 51  # 50 rows and the tally
    assert contents(town) == before


def test_insisting_takes_it_all_the_same(databases, town, tmp_path, capsys, monkeypatch):
    kind, path = gcj02_parts(tmp_path)
    with databases.clone(of=town.name) as clone:
        done = run(capsys, monkeypatch, clone, "import", kind, path, "--accept-crs")
        assert done.code == 0, done.err
        assert contents(clone)["part"][0] == len(made_city.lamps())
