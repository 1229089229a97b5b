"""Is a workbook read as an office sees it: titles, notes, sheets, codes, dates, rows?"""

import datetime as dt

import openpyxl
import pytest

from gis.errors import InputError
from gis.ingest import ReadOptions, read_kind
from gis.ingest.readers import read_file
from gis.ingest.specs import parse_spec

HEAD = ["楼栋编码*", "楼栋名称", "社区代码", "户数（必填）", "统计日期", "经度", "纬度"]
ROW = ["0001", "一号楼", "990101001001", 48, dt.date(2026, 3, 31), 116.4, 39.9]


def book(folder, *sheets, name="楼栋.xlsx"):
    """Save rows as a workbook; each sheet is (title, rows)."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets:
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(folder / name)
    return folder / name


def test_title_rows_blank_rows_and_totals_are_no_data(tmp_path):
    rows = [
        ["某街道楼栋基本情况统计表"],
        ["填报单位：某街道", None, "日期：2026年3月"],
        HEAD,
        ROW,
        [],
        ["0002", *ROW[1:]],
        ["合计", None, None, 96],
    ]
    path = book(tmp_path, ("表一", rows))
    workbook = openpyxl.load_workbook(path)
    workbook.active.merge_cells("A1:G1")
    workbook.save(path)
    batch = read_kind("buildings", [path])
    assert batch.frame["code"].tolist() == ["0001", "0002"]
    assert batch.frame["households"].tolist() == [48, 48]
    assert batch.frame["as_of"].tolist() == [dt.date(2026, 3, 31)] * 2
    assert batch.frame["community_code"][0] == "990101001001"
    assert batch.frame.geometry[0].coords[0] == (116.4, 39.9)
    told = next(r.message for r in batch.report.remarks if r.rule == "reading")
    assert "header in row 3" in told
    assert "left out: row 7" in told


def test_faults_name_the_row_that_excel_shows(tmp_path):
    path = book(
        tmp_path,
        ("表一", [["标题"], HEAD, ROW, [], ["0003", "x", "", -4, *ROW[4:]], ["0004", "x", "", "许多", *ROW[4:]]]),
    )
    with pytest.raises(InputError) as caught:
        read_kind("buildings", [path])
    told = [(r.row, r.rule, r.field) for r in caught.value.report.errors]
    assert sorted(told) == [(5, "households_negative", "户数"), (6, "households_not_a_number", "户数")]
    assert len(read_kind("buildings", [path], options=ReadOptions(accept_partial=True)).frame) == 1


def test_codes_keep_zeros_and_lost_digits_are_told(tmp_path):
    path = book(
        tmp_path,
        ("a", [["code", "户数", "经度", "纬度"], *([c, 1, 116.4, 39.9] for c in (7, 110101001001, 110101001001001))]),
    )
    workbook = openpyxl.load_workbook(path)
    workbook.active["A2"].number_format = "00000"
    workbook.save(path)
    assert read_kind("buildings", [path]).frame["code"].tolist() == ["00007", "110101001001", "110101001001001"]
    for lost in ("1.10101E+14", 1.10101e14, 1.1010100100100123e16):
        path = book(tmp_path, ("a", [["code", "户数", "经度", "纬度"], [lost, 1, 116.4, 39.9]]))
        with pytest.raises(InputError, match="long code") as caught:
            read_kind("buildings", [path])
        assert "as text" in caught.value.remedy


def test_the_sheet_that_fits_is_read_or_the_one_named(tmp_path):
    other = ("说明", [["字段", "含义"], ["户数", "住户"]])
    path = book(
        tmp_path,
        other,
        ("二", [HEAD, ROW]),
        ("三", [HEAD, ["0009", *ROW[1:]]]),
        ("四", [[*HEAD, "人口", "层数"], [*ROW, 1, 2]]),
    )
    workbook = openpyxl.load_workbook(path)
    workbook["四"].sheet_state = "hidden"
    workbook.save(path)
    batch = read_kind("buildings", [path])
    assert batch.frame["code"].tolist() == ["0001"]
    assert "other sheets not read: 说明, 三" in batch.report.remarks[0].message
    assert read_kind("buildings", [f"{path}:layer=三"]).frame["code"].tolist() == ["0009"]
    with pytest.raises(InputError, match="no 五"):
        read_kind("buildings", [f"{path}:layer=五"])


def test_a_row_takes_its_place_from_numbers_or_from_wkt(tmp_path):
    rows = [
        ["楼栋编码", "经度", "纬度", "图形"],
        ["A", 116.4, 39.9, None],
        ["B", None, None, "POLYGON((116.4 39.9,116.401 39.9,116.401 39.901,116.4 39.9))"],
    ]
    shapes = read_kind("buildings", [book(tmp_path, ("a", rows))]).frame.geometry
    assert shapes.geom_type.tolist() == ["Point", "Polygon"]


@pytest.mark.parametrize(
    ("content", "said"), [(b"PK\x03\x04 broken", "cannot be read as Excel"), (b"\xd0\xcf\x11\xe0 old", "Excel 97")]
)
def test_what_is_no_workbook_is_told(tmp_path, content, said):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_file(parse_spec(tmp_path / "a.xlsx"))


def test_an_empty_workbook_is_told(tmp_path):
    with pytest.raises(InputError, match="no rows"):
        read_file(parse_spec(book(tmp_path, ("a", []))), hint="buildings")
    with pytest.raises(InputError, match="no rows"):
        read_file(parse_spec(book(tmp_path, ("a", [HEAD]))), hint="buildings")
