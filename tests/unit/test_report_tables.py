"""Is a report a table that an office can work off, and nothing else?"""

import csv

import openpyxl
import pytest

from api.cli._tables import HEAD, save_table
from gis.remarks import Report


@pytest.fixture
def report():
    told = Report("import buildings", source="楼栋.xlsx")
    told.add("note", "reading", "楼栋.xlsx: 2 rows")
    told.add(
        "error", "households_negative", "households are -4, below 0", row=9, field="户数", code="=1+1", remedy="Correct"
    )
    told.add("error", "code_duplicated", "bell\x07", row=3, lon=116.4, lat=39.9)
    return told


def test_what_refuses_comes_first_in_the_order_of_the_rows(report, tmp_path):
    save_table(report, tmp_path / "清单.xlsx")
    head, *rows = openpyxl.load_workbook(tmp_path / "清单.xlsx").active.iter_rows(values_only=True)
    assert head == HEAD
    assert [row[1] for row in rows] == [3, 9, None]
    assert rows[0][6] == "编码重复"
    assert rows[0][-2:] == (116.4, 39.9)
    assert rows[1][:7] == ("楼栋.xlsx", 9, "户数", "'=1+1", "未导入", "households_negative", "小于 0")


def test_no_cell_is_a_formula_nor_a_control_character(report, tmp_path):
    for name in ("a.xlsx", "a.csv"):
        save_table(report, tmp_path / name)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 4
    assert rows[2][3] == "'=1+1"
    assert not any("\x07" in cell for row in rows for cell in row)
