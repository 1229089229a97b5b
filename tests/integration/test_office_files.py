"""Can an office load what it has by following the README: an old shapefile, an Excel with faults, an OSM extract?"""

import time
import warnings
import zipfile

import openpyxl
import psycopg
import pytest

from data.templates import template_columns
from gis.ingest import KINDS
from tests import made_city
from tests.integration.imports import run
from tests.osm_files import town
from tests.zips import AsWindowsWritesIt

FAULTS = ("-4", "许多", None)
"""Households of every hundredth row in turn; the last row has no code instead."""


@pytest.fixture
def ask(capsys, monkeypatch, fresh_database):
    return lambda *arguments: run(capsys, monkeypatch, fresh_database, *arguments)


def old_shapefile(path):
    """Communities as Windows programs left them: text and names in GBK, no .cpg, column names cut, zipped."""
    frame = made_city.communities().rename(columns={"code": "行政区划代码", "name": "社区名称"})
    inner = path.parent / "shp"
    inner.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the driver says that it cuts
        frame.to_file(inner / "社区.shp", encoding="GB18030")
    (inner / "社区.cpg").unlink(missing_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for part in inner.iterdir():
            archive.writestr(AsWindowsWritesIt(f"社区数据/{part.name}"), part.read_bytes())
    return len(frame)


def filled_in(path, rows):
    """The template of buildings, filled in; every hundredth row has a fault. Gives the rows of the faults."""
    west, south, east, north = made_city.divisions().total_bounds
    headers = [c[0] for c in template_columns(KINDS["buildings"])]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("楼栋")
    sheet.append(["某区楼栋台账"])
    sheet.append(headers)
    faults = []
    for i in range(rows):
        row = {
            "楼栋编码": f"LD{i:06d}", "楼栋名称": f"{i}号楼", "用途": "住宅", "层数": 6, "户数": 10 + i % 7,
            "统计日期": "2026-03-31",
            "经度": west + (east - west) * (0.1 + 0.8 * (i * 7919 % rows) / rows),
            "纬度": south + (north - south) * (0.1 + 0.8 * (i % 173) / 173),
        }  # fmt: skip
        if i % 100 == 50:
            row |= {"户数": FAULTS[i // 100 % 3]} if FAULTS[i // 100 % 3] else {"楼栋编码": None}
            faults.append(i + 3)
        sheet.append([row.get(header) for header in headers])
    book.save(path)
    return faults


def scalar(database, statement):
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(statement).fetchone()[0]


def follow_the_readme(ask, database, folder, rows):
    communities = old_shapefile(folder / "社区.zip")
    assert ask("import", "divisions", folder / "社区.zip").code == 0
    assert scalar(database, "SELECT count(*) FROM division WHERE level = 'community'") == communities

    faults = filled_in(folder / "楼栋.xlsx", rows)
    report = folder / "问题清单.xlsx"
    start = time.process_time()
    ran = ask("import", "buildings", folder / "楼栋.xlsx", "--report", report)
    seconds = time.process_time() - start
    assert ran.code == 3
    assert f"{len(faults)} of {rows} rows" in ran.err
    assert scalar(database, "SELECT count(*) FROM building") == 0
    table = list(openpyxl.load_workbook(report).active.iter_rows(values_only=True))
    refused = [row for row in table[1:] if row[4] == "未导入"]
    assert sorted(row[1] for row in refused) == faults
    assert {row[5] for row in refused} <= {"households_negative", "households_not_a_number", "code_missing"}
    assert all(row[6] and row[7] for row in refused)

    done = ask("import", "buildings", folder / "楼栋.xlsx", "--accept-partial")
    assert done.code == 0, done.err
    assert scalar(database, "SELECT count(*) FROM building") == rows - len(faults)
    assert scalar(database, "SELECT count(*) FROM household_count") == rows - len(faults)
    return seconds


def test_shapefile_and_excel_by_the_readme(ask, fresh_database, tmp_path):
    follow_the_readme(ask, fresh_database, tmp_path, 2_000)


@pytest.mark.slow
def test_an_excel_of_30_000_buildings(ask, fresh_database, tmp_path, capsys):
    seconds = follow_the_readme(ask, fresh_database, tmp_path, 30_000)
    with capsys.disabled():
        print(f"\n30,000 buildings in Excel, 1 % faults: read and told in {seconds:.1f} s of CPU")


def test_an_extract_makes_a_district(ask, fresh_database, tmp_path):
    town().save(tmp_path / "某市.osm.pbf")
    ran = ask("load", tmp_path, "--district", "110101", "--estimate-households", "--target", "40")
    assert ran.code == 0, ran.err
    assert scalar(fresh_database, "SELECT count(*) FROM division WHERE level = 'community'") == 2
    assert scalar(fresh_database, "SELECT count(*) FROM building") == 6
    assert scalar(fresh_database, "SELECT count(*) FROM barrier") > 4
    assert scalar(fresh_database, "SELECT count(*) FROM grid") > 0
