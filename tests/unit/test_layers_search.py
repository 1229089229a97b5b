"""Does the ranking put first what is meant?"""

from __future__ import annotations

from gis.addresses import fold_address, fold_code
from layers.search import rank


def building(code, address):
    return {"type": "building", "code": code, "title": address, "key": fold_address(address)}


def grid(code, name="第一网格"):
    return {"type": "grid", "code": code, "title": name}


def ranked(typed, rows):
    asked = {"typed": typed, "key": fold_address(typed), "code": fold_code(typed)}
    return [row["code"] for row in sorted(rows, key=lambda row: rank(row, **asked))]


def test_an_exact_code_comes_before_what_only_begins_like_it():
    rows = [grid("9901010010011"), grid("990101001001"), building("X", "990101001001号"), grid("1990101001001")]
    assert ranked("990101001001", rows)[:2] == ["990101001001", "9901010010011"]


def test_a_number_is_not_found_inside_a_longer_one_first():
    rows = [building("a", "柳岸路13号楼"), building("b", "柳岸路3号楼"), building("c", "柳岸路23号楼")]
    assert ranked("3号楼", rows)[0] == "b"
    rows = [building("a", "建国路586号"), building("b", "建国路58号")]
    assert ranked("建国路58", rows)[0] == "b"


def test_the_whole_address_comes_before_its_rooms():
    rows = [building("a", "柳岸路2号3幢2单元"), building("b", "柳岸路2号3栋")]
    assert ranked("柳岸路2号3#楼", rows) == ["b", "a"]


def test_what_holds_it_comes_before_what_is_like_it():
    rows = [building("a", "柳暗路8号"), building("b", "旧柳岸路8号")]
    assert ranked("柳岸路8号", rows) == ["b", "a"]


def test_a_division_comes_before_the_houses_named_like_it():
    rows = [building("b", "柳岸社区1号"), {"type": "division", "code": "9", "title": "柳岸社区"}]
    assert ranked("柳岸", rows) == ["9", "b"]


def test_the_end_of_a_grid_code_finds_it():
    rows = [building("b", "柳岸路004007号"), grid("990103004005007"), grid("990103004007001")]
    assert ranked("004007", rows)[0] == "990103004007001"
