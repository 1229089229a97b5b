"""Does every format give the same rows, and does a bad file give one clear message?"""

import csv
import gzip
import warnings
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from gis.errors import InputError
from gis.ingest import parse_map, parse_spec, read_kind
from gis.ingest.readers import read_file
from tests import made_city


@pytest.fixture(scope="module")
def slabs():
    frame = made_city.buildings().head(30).rename(columns={"building_id": "code", "community_id": "sqdm"})
    frame["名称"] = [f"春晖里{i}号楼" for i in range(30)]
    return frame


def write(frame, folder, name):
    """One frame in the format that the name says."""
    path = folder / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    elif name.endswith(".csv"):
        table = pd.DataFrame(frame.drop(columns="geometry")).assign(wkt=frame.geometry.to_wkt(rounding_precision=-1))
        table.to_csv(path, index=False)
    elif name.endswith(".csv.gz"):
        spots = frame.geometry.to_crs(made_city.METRIC).centroid.to_crs(4326)
        table = pd.DataFrame(frame.drop(columns="geometry")).assign(经度=spots.x, 纬度=spots.y)
        table.to_csv(path, index=False)
    elif name.endswith(".zip"):
        inner = folder / "in_zip"
        inner.mkdir()
        frame.to_file(inner / "slabs.shp", encoding="UTF-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in inner.iterdir():
                archive.write(part, f"数据/{part.name}")
    else:
        options = {"encoding": "UTF-8"} if name.endswith(".shp") else {}
        frame.to_file(path, **options)
    return path


@pytest.mark.parametrize(
    "name", ["slabs.geojson", "slabs.gpkg", "slabs.shp", "slabs.zip", "slabs.parquet", "slabs.csv", "slabs.csv.gz"]
)
def test_every_format_gives_the_same_rows(slabs, tmp_path, name):
    batch = read_kind("buildings", [write(slabs, tmp_path, name)])
    frame = batch.frame
    assert frame.crs.to_epsg() == 4490
    assert frame["code"].tolist() == slabs["code"].tolist()
    assert frame["name"].tolist() == slabs["名称"].tolist()
    assert frame["community_code"].tolist() == slabs["sqdm"].tolist()
    assert frame["households"].sum() == slabs["households"].sum()
    assert frame["floors"].tolist() == [6] * 30
    expected = slabs.geometry.to_crs(made_city.METRIC)
    expected = expected.centroid if name.endswith(".gz") else expected
    assert frame.geometry.to_crs(made_city.METRIC).hausdorff_distance(expected).max() < 0.01
    assert not frame["estimated"].any()


def test_shapefile_text_in_gbk_without_or_with_a_wrong_cpg(slabs, tmp_path):
    path = tmp_path / "gbk.shp"
    slabs.to_file(path, encoding="GB18030")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    assert read_kind("buildings", [path]).frame["name"][3] == "春晖里3号楼"
    path.with_suffix(".cpg").write_text("UTF-8")
    assert read_kind("buildings", [path]).frame["name"][3] == "春晖里3号楼"


def test_shapefile_names_cut_at_ten_characters(slabs, tmp_path):
    frame = slabs.rename(columns={"households": "dwelling_units", "code": "building_code", "sqdm": "community_id"})
    path = tmp_path / "cut.shp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the driver says that it cuts
        frame.to_file(path)
    batch = read_kind("buildings", [path])
    assert batch.frame["households"].sum() == 30 * 48
    assert batch.frame["code"][0] == "B0000"
    assert batch.frame["community_code"][0] == slabs["sqdm"][0]


def test_csv_in_gbk_with_semicolons_and_codes_that_begin_with_zero(tmp_path):
    path = tmp_path / "网格员.csv"
    path.write_bytes("工号;姓名;联系电话;社区代码\n007;张三;000-0000;990101001001\n".encode("gb18030"))
    frame = read_kind("workers", [path]).frame
    assert frame.drop(columns="geometry", errors="ignore").iloc[0].tolist()[:4] == [
        "007",
        "张三",
        "000-0000",
        "990101001001",
    ]


def test_csv_in_metres_with_a_named_crs(tmp_path):
    path = tmp_path / "lamps.csv"
    path.write_text("asset_id,asset_type,x,y\nL1,street_light,450100,4420200\n")
    frame = read_kind("parts", [f"{path}:crs=EPSG:4548"]).frame
    back = frame.geometry.to_crs(4548)[0]
    assert (back.x, back.y) == pytest.approx((450100, 4420200), abs=1e-3)
    assert (frame["raw_x"][0], frame["raw_y"][0], frame["raw_crs"][0]) == (450100, 4420200, "EPSG:4548")
    assert frame["class"][0] == "0118"


def test_geopackage_with_several_layers(slabs, tmp_path):
    path = tmp_path / "all.gpkg"
    slabs.to_file(path, layer="houses")
    made_city.streets().to_file(path, layer="ways")
    with pytest.raises(InputError, match="layers houses, ways"):
        read_kind("buildings", [path])
    assert len(read_kind("buildings", [f"{path}:layer=houses"]).frame) == 30
    with pytest.raises(InputError, match="no huts"):
        read_kind("buildings", [f"{path}:layer=huts"])
    slabs.head(3).to_file(path, layer="buildings")
    assert len(read_kind("buildings", [path]).frame) == 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.geojson", b"", "empty"),
        ("empty.csv", b"\n\n", "empty"),
        ("head.csv", b"code,lon,lat\n", "no rows"),
        ("none.geojson", b'{"type":"FeatureCollection","features":[]}', "no rows"),
        ("broken.geojson", b'{"type":"FeatureCollection","features":[{', "cannot be read as GeoJSON"),
        ("broken.zip", b"PK\x03\x04 not a zip", "not a readable zip"),
        ("broken.parquet", b"PAR1 nothing PAR1", "cannot be read as GeoParquet"),
        ("broken.gpkg", b"SQLite format 3\x00 nothing", "cannot be read as GeoPackage"),
        ("broken.csv.gz", b"\x1f\x8b\x08 nothing", "damaged"),
        ("ragged.csv", b"code,lon,lat\nA,1,2,3,4\n", "no regular table|more fields"),
        ("ragged2.csv", b"code,lon,lat\nA,1,2\nB,1,2,3,4\n", "no regular table"),
        ("notes.docx", b"abc", "no known format"),
    ],
)
def test_a_bad_file_is_one_clear_message(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as fault:
        read_kind("parts", [path])
    assert name in fault.value.message
    assert fault.value.remedy


def test_a_zip_cut_off_and_one_with_a_damaged_member(slabs, tmp_path):
    path = write(slabs, tmp_path, "good.zip")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="not a readable zip"):
        read_file(parse_spec(cut))
    flipped = bytearray(path.read_bytes())
    flipped[300] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(flipped)
    with pytest.raises(InputError, match="not a readable zip"):
        read_file(parse_spec(tmp_path / "flipped.zip"))
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        archive.writestr("letter.txt", "no data here")
    with pytest.raises(InputError, match="no known format"):
        read_file(parse_spec(tmp_path / "letters.zip"))


def test_a_zip_cannot_write_outside_its_folder(slabs, tmp_path):
    inside = tmp_path / "inside.geojson"
    slabs.to_file(inside)
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inside, "../../outside.geojson")
    assert len(read_file(parse_spec(path)).frame) == 30
    assert not list(tmp_path.parent.glob("outside*"))


def test_a_shapefile_without_its_table(slabs, tmp_path):
    path = write(slabs, tmp_path, "half.shp")
    path.with_suffix(".dbf").unlink()
    with pytest.raises(InputError, match=r"without its \.dbf"):
        read_file(parse_spec(path))


def test_parquet_without_geometry_uses_its_columns(tmp_path):
    path = tmp_path / "plain.parquet"
    pd.DataFrame(
        {"event_id": [1, 2], "category": "a", "time": "2026-01-01", "lon": [7.4, None], "lat": [43.7, None]}
    ).to_parquet(path)
    frame = read_kind("events", [path]).frame
    assert frame["code"].tolist() == ["1", "2"]
    assert frame.geometry.isna().tolist() == [False, True]


def test_coordinates_that_are_no_numbers_are_named(tmp_path):
    path = tmp_path / "parts.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("code,type,lon,lat\nA,bench,116.4,39.9\nB,bench,abc,39.9\nC,bench,116.4,\n")
    with pytest.raises(InputError) as fault:
        read_kind("parts", [path])
    told = {(r.row, r.rule) for r in fault.value.report.errors}
    assert {(2, "coordinates_unreadable"), (3, "coordinates_unreadable")} <= told


def test_specs_and_maps_as_typed(tmp_path):
    spec = parse_spec("C:/data/roads.shp:kind=street,class=路类")
    assert (str(spec.path), spec.options) == ("C:/data/roads.shp", {"kind": "street", "class": "路类"})
    assert parse_spec("lamps.csv:crs=EPSG:4548").options == {"crs": "EPSG:4548"}
    assert parse_spec("plain.geojson").options == {}
    odd = tmp_path / "a:kind=b.geojson"
    odd.touch()
    assert parse_spec(str(odd)).path == odd
    with pytest.raises(InputError, match="colour=red"):
        parse_spec("roads.shp:colour=red")
    assert parse_map(["HS=households", "经度=lon,纬度=lat"]) == {"HS": "households", "经度": "lon", "纬度": "lat"}
    with pytest.raises(InputError, match="no column=field"):
        parse_map(["HS"])


def test_wkt_that_is_none_is_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('code,type,wkt\nA,bench,POINT (116.4 39.9)\nB,bench,"POINT (1"\n')
    with pytest.raises(InputError) as fault:
        read_kind("parts", [path])
    assert next((r.row, r.rule) for r in fault.value.report.errors) == (2, "coordinates_unreadable")


def test_an_empty_point_is_no_geometry(tmp_path):
    path = tmp_path / "n.geojson"
    gpd.GeoDataFrame({"code": ["A"]}, geometry=[shapely.Point()], crs=4326).to_file(path)
    with pytest.raises(InputError, match=r"no row|cannot be taken"):
        read_kind("buildings", [path])


@pytest.mark.parametrize("zone", ["", "+08:00"])
def test_a_regular_table_is_read_as_a_quoted_one(tmp_path, zone):
    times = [f"2026-03-0{1 + i} 08:0{i}:00{zone}" for i in range(5)]
    rows = pd.DataFrame(
        {
            "code": ["E1", "Ｅ２", "e-3", "0004", "5.0"],
            "class_name": ["积水", "-", " 井盖", "暴露垃圾", "积水"],
            "class": ["0101", "0102", "0103", "", "0105"],
            "occurred_at": times,
            "lon": ["116.3001", "116.3002", "116.30", "116.304", "+116.305"],
            "lat": ["39.9", "39.91", "39.92", "39.93", "39.94"],
        }
    )
    rows.to_csv(tmp_path / "quoted.csv", index=False, quoting=csv.QUOTE_ALL)
    rows.to_csv(tmp_path / "regular.csv", index=False)
    rows.assign(class_name=rows["class_name"].str.strip()).to_csv(tmp_path / "plain.csv", index=False)
    batches = [read_kind("events", [tmp_path / f"{name}.csv"]) for name in ("quoted", "regular", "plain")]
    first = batches[0].frame
    assert first["code"].tolist() == ["E1", "E2", "e-3", "0004", "5.0"]
    assert first["class_name"].tolist() == ["积水", "0102", "井盖", "暴露垃圾", "积水"]
    assert str(first["occurred_at"].dt.tz) == "UTC"
    for other in batches[1:]:
        assert_geodataframe_equal(first, other.frame)
        assert [r.rule for r in other.report.remarks] == [r.rule for r in batches[0].report.remarks]


def test_a_code_that_went_through_a_number_is_named(tmp_path):
    (tmp_path / "parts.csv").write_text("code,class_name,lon,lat\n1.10101E+14,井盖,116.3,39.9\nA,井盖,116.31,39.9\n")
    with pytest.raises(InputError) as refused:
        read_kind("parts", [tmp_path / "parts.csv"])
    assert [(r.rule, r.row) for r in refused.value.report.errors] == [("code_mangled", 1)]


def test_rows_with_fewer_fields_than_the_head_are_filled(tmp_path):
    (tmp_path / "parts.csv").write_text("lon,lat,code,class_name,name\n116.3,39.9,P1,井盖\n116.31,39.9,P2,路灯,灯\n")
    assert read_kind("parts", [tmp_path / "parts.csv"]).frame["name"].tolist() == [None, "灯"]
