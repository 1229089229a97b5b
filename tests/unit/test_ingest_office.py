"""Are the files read that offices keep: old shapefiles, MapInfo, KML, FileGDB, CSV of every make?"""

import io
import warnings
import zipfile

import geopandas as gpd
import pytest

from gis.errors import InputError
from gis.ingest import KINDS, read_kind
from gis.ingest.columns import match_columns
from gis.ingest.specs import parse_spec
from tests import made_city
from tests.zips import AsWindowsWritesIt

NAMES = {
    "buildings": ["楼栋编码", "楼栋名称", "户数", "社区代码", "统计日期", "是否估算"],
    "divisions": ["行政区划代码", "行政区划名称"],
    "events": ["事件类型代码", "发生时间"],
    "parts": ["部件标识码", "部件类型代码"],
    "grids": ["网格编码", "网格名称", "网格类型"],
}


@pytest.fixture(scope="module")
def slabs():
    frame = made_city.buildings().head(20)
    return gpd.GeoDataFrame(
        {
            "楼栋编码": frame["building_id"], "楼栋名称": [f"春晖里{i}号楼" for i in range(20)],
            "社区代码": frame["community_id"], "户数": frame["households"],
        },
        geometry=frame.geometry, crs=frame.crs,
    )  # fmt: skip


def same(batch, slabs):
    assert batch.frame["code"].tolist() == slabs["楼栋编码"].tolist()
    assert batch.frame["name"].tolist() == slabs["楼栋名称"].tolist()
    assert batch.frame["community_code"].tolist() == slabs["社区代码"].tolist()
    assert batch.frame["households"].sum() == slabs["户数"].sum()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize("kind", NAMES)
def test_names_that_a_shapefile_cut_at_ten_bytes(kind, encoding):
    for name in NAMES[kind]:
        cut = name.encode(encoding)[:10].decode(encoding, "ignore")
        whole = match_columns(KINDS[kind], [name], parse_spec("a.shp"))
        assert list(match_columns(KINDS[kind], [cut], parse_spec("a.shp")).values()) == [cut]
        if encoding == "gb18030":
            assert match_columns(KINDS[kind], [cut], parse_spec("a.shp")).keys() == whole.keys()


@pytest.mark.parametrize(
    ("encoding", "cpg"),
    [
        ("GB18030", None),
        ("GB18030", "UTF-8"),
        ("UTF-8", None),
        ("UTF-8", "GBK"),
        ("GB18030", "936"),
        ("UTF-8", "65001"),
    ],
)
def test_shapefile_in_a_zip_with_chinese_names(slabs, tmp_path, encoding, cpg):
    inner = tmp_path / "shp"
    inner.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the driver says that it cuts
        slabs.to_file(inner / "a.shp", encoding=encoding)
    (inner / "a.cpg").unlink(missing_ok=True)
    if cpg:
        (inner / "a.cpg").write_text(cpg)
    path = tmp_path / "楼栋.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in inner.iterdir():
            archive.writestr(AsWindowsWritesIt(f"2026年楼栋/楼栋{part.suffix}"), part.read_bytes())
    same(read_kind("buildings", [path]), slabs)


def test_of_several_layers_in_a_zip_one_is_picked_by_its_chinese_name(slabs, tmp_path):
    path = tmp_path / "数据.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, rows in (("楼栋", slabs), ("小区", slabs.head(2))):
            sink = io.BytesIO()
            rows.to_file(sink, driver="GeoJSON")
            archive.writestr(AsWindowsWritesIt(f"{name}.geojson"), sink.getvalue())
    assert len(read_kind("buildings", [f"{path}:layer=楼栋"]).frame) == 20
    with pytest.raises(InputError, match="holds 小区, 楼栋"):
        read_kind("buildings", [path])


@pytest.mark.parametrize("name", ["楼栋.tab", "楼栋.mif", "楼栋.kml", "楼栋.gdb"])
def test_mapinfo_kml_and_filegdb(slabs, tmp_path, name):
    path = tmp_path / name
    options = {
        ".tab": {"driver": "MapInfo File", "ENCODING": "CP936"},
        ".mif": {"driver": "MapInfo File", "ENCODING": "CP936"},
        ".kml": {"driver": "KML"},
        ".gdb": {"driver": "OpenFileGDB"},
    }[path.suffix]
    frame = slabs.to_crs(4326).rename(columns={"楼栋名称": "Name"}) if path.suffix == ".kml" else slabs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(path, **options)
    same(read_kind("buildings", [path]), slabs)


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_in_every_encoding_and_with_every_separator(tmp_path, encoding, mark):
    rows = [["楼栋编码", "楼栋名称", "户数", "经度", "纬度"], ["007", "春晖里7号楼", "12", "116.4", "39.9"]]
    path = tmp_path / "楼栋.csv"
    path.write_bytes("\r\n".join(mark.join(row) for row in rows).encode(encoding))
    frame = read_kind("buildings", [path]).frame
    assert frame.loc[0, ["code", "name", "households"]].tolist() == ["007", "春晖里7号楼", 12]


def test_a_shapefile_of_upper_case_files(slabs, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slabs.to_file(tmp_path / "a.shp", encoding="GB18030")
    for part in list(tmp_path.iterdir()):
        part.rename(tmp_path / f"LD{part.suffix.upper()}")
    same(read_kind("buildings", [tmp_path / "LD.SHP"]), slabs)
