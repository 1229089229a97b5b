"""Do the usual ways of writing one address fold into one key, and different addresses stay apart?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.addresses import fold_address, fold_code


@pytest.mark.parametrize(
    "written",
    [
        "建国北路586号3幢2单元501室",
        "建国北路５８６号３栋２单元５０１室",
        "建国北路586号 三号楼 二单元 501室",
        "建国北路586号3座2单元501房",
        "建国北路586号3#楼2单元501室",
        "建国北路586号03幢02单元501室",
        "建国北路586号，3-2-501",
        "建国北路586号，3#2-501",
        "建国北路五百八十六号3幢2单元501室",
    ],
)
def test_one_address_one_key(written):
    assert fold_address(written) == "建国北路586号3幢2单元501室"


@pytest.mark.parametrize(
    ("one", "other"),
    [("3幢", "13幢"), ("五一路3号", "51路3号"), ("A座", "B座"), ("3幢", "3单元"), ("586号", "58号6幢")],
)
def test_different_addresses_stay_apart(one, other):
    assert fold_address(one) != fold_address(other)


def test_names_keep_their_numerals():
    assert fold_address("三元里五一路") == "三元里五一路"
    assert fold_address("12 Main Street, #3") == "12mainstreet#3"
    assert fold_address("Ａ座") == "a幢"
    assert fold_address("第十二网格") == "第12网格"


@pytest.mark.parametrize("nothing", [None, "", "  ", "，。"])
def test_nothing_folds_to_nothing(nothing):
    assert fold_address(nothing) == ""


@given(st.text(alphabet="建国路三十百零〇一二号楼栋幢座单元室房#-3５ 0aＡ,，", max_size=20))
@settings(max_examples=200, deadline=None)
def test_folding_twice_changes_nothing(text):
    once = fold_address(text)
    assert fold_address(once) == once


def test_codes():
    assert fold_code(" ９９０１０３ 004 005-007") == "990103004005007"
    assert fold_code("ab 1") == "AB1"
    assert fold_code(None) == ""
