"""Is a newcomer told what helps: what is wrong with a table, and of which district an extract is?"""

from io import StringIO

import pytest
from rich.console import Console

from api.cli.importing import SHOWN, print_report
from gis.errors import InputError
from gis.ingest import ReadOptions, read_kind
from gis.remarks import Report
from tests.osm_files import town


def refused(tmp_path, text):
    (tmp_path / "楼栋.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as fault:
        read_kind("buildings", [tmp_path / "楼栋.csv"], options=ReadOptions(district="x", accept_crs=True))
    return [(r.row, r.rule, r.remedy) for r in fault.value.report.errors]


def test_one_row_with_longitude_and_latitude_exchanged_is_named_so(tmp_path):
    rows = "".join(f"B{i},3,117.00{i:02},36.6\n" for i in range(99))
    told = refused(tmp_path, f"楼栋编号,住户数,经度,纬度\n{rows}B99,3,36.6,117.1\n")
    assert [(row, rule) for row, rule, _ in told] == [(100, "coordinates_swapped")]
    assert told[0][2].startswith("Exchange the two")


def test_a_table_without_places_is_told_which_columns_it_lacks(tmp_path):
    told = refused(tmp_path, "楼栋编号,住户数\nB1,3\nB2,4\n")
    assert {rule for _, rule, _ in told} == {"geometry_missing"}
    assert all("经度, 纬度" in remedy for _, _, remedy in told)


def test_the_district_of_an_extract_is_known_by_its_own_code(tmp_path):
    made = town()
    for _, tags in made.relations.values():
        if tags.get("admin_level") == "6":
            tags["ref"] = "110101"
    batch = read_kind("divisions", [made.save(tmp_path / "town.osm.pbf")])
    assert batch.district == "110101"


def test_no_rule_crowds_out_another_on_the_screen():
    report = Report("import buildings", source="楼栋.xlsx")
    for row in range(300):
        report.add("error", "coordinates_unreadable", "only one of the two coordinates is there", row=row)
    report.add("error", "households_negative", "households are -5, below 0", row=301)
    screen = StringIO()
    print_report(report, Console(file=screen, width=200))
    shown = screen.getvalue()
    assert "households are -5" in shown
    assert shown.count("only one of the two") == SHOWN - 1
    assert "In all: coordinates_unreadable 300, households_negative 1" in shown
