"""Is the map of grids one whole file, told in both languages, with what the grids say and nothing from outside?"""

from __future__ import annotations

import json
import re

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, box

from gis.errors import InputError
from layers.style import DIVERGING
from layers.webmap import save_web_map, web_map

GRIDS = gpd.GeoDataFrame(
    {
        "grid_code": ["990101001001001", "990101001001002", "990101001001003"],
        "community_id": ["990101001001"] * 3,
        "households": [200.0, 90.0, np.nan],
        "buildings": [5, 3, 1],
        "area_m2": [10_000.4, 10_000.0, 10_000.0],
        "flags": [[], ["oversize_building"], ["empty"]],
    },
    geometry=[box(500_000 + 100 * k, 3_000_000, 500_100 + 100 * k, 3_000_100) for k in range(3)],
    crs="EPSG:4547",
)
COMMUNITIES = gpd.GeoDataFrame(
    {"community_id": ["990101001001"], "name": ["青禾<b>社区"], "name_en": ["Qinghe"]},
    geometry=[box(500_000, 3_000_000, 500_300, 3_000_100)],
    crs="EPSG:4547",
)


def html(**options):
    return web_map(GRIDS, COMMUNITIES, **options).get_root().render()


def features(text):
    """Every GeoJSON collection of the page."""
    found = re.findall(r'_add\((\{"features".*?)\);\n', text)
    assert found
    return [json.loads(f)["features"] for f in found]


def test_nothing_is_asked_for_from_outside():
    text = html()
    assert re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=", text) == []
    assert set(re.findall(r"url\((?!data:|#)[^)]*\)", text)) == set()
    # The two addresses in Leaflet are its credit, a link to click, and the name of the SVG language.
    hosts = set(re.findall(r"https?://([\w.]+)", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))
    assert hosts <= {"leafletjs.com", "www.w3.org"}, hosts


def test_grids_have_the_colour_of_their_deviation_and_a_card():
    (grids,) = [f for f in features(html()) if len(f) == 3]
    fills = [g["properties"]["fill"] for g in grids]
    assert fills[0] == DIVERGING["light"][3]
    assert fills[1] == DIVERGING["light"][0]
    assert fills[2] not in DIVERGING["light"]
    card = grids[1]["properties"]["card"]
    assert "990101001001002" in card
    assert "−55.0%" in card
    assert "单栋超过上限" in card
    assert "10,000 m²" in grids[0]["properties"]["card"]
    lon, lat = grids[0]["geometry"]["coordinates"][0][0]
    assert 113.9 < lon < 114.1
    assert 27.0 < lat < 27.2


def test_names_of_the_data_are_shown_not_run():
    text = html()
    assert "青禾<b>" not in text
    assert "青禾\\u0026lt;b\\u0026gt;社区" in text or "\\u9752\\u79be\\u0026lt;b\\u0026gt;" in text


@pytest.mark.parametrize(("language", "words"), [("zh", ["户数偏差", "无数据"]), ("en", ["Deviation", "No data"])])
def test_legend_counts_every_grid_in_the_language_asked(language, words):
    text = html(language=language, title="T<i>")
    legend = text[text.index('<div class="gk-legend"') :]
    counts = [int(n) for n in re.findall(r"</td><td>(\d+)</td>", legend)]
    assert sum(counts) == len(GRIDS)
    assert all(w in legend for w in words)
    assert "T&lt;i&gt;" in legend


def test_ground_is_drawn_where_it_is_given():
    streets = gpd.GeoDataFrame(
        {"kind": ["street", "rail"], "class": ["primary", None]},
        geometry=[LineString([(500_000, 3_000_000), (500_300, 3_000_000)])] * 2,
        crs="EPSG:4547",
    )
    counts = sorted(len(f) for f in features(html(barriers=streets)))
    assert counts == [1, 1, 2, 3]


def test_target_decides_the_deviation():
    (grids,) = [f for f in features(html(target=100)) if len(f) == 3]
    assert "+100.0%" in grids[0]["properties"]["card"]


def test_saved_file_is_the_page(tmp_path):
    path = save_web_map(web_map(GRIDS), tmp_path / "map.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("grids", "told"),
    [
        (GRIDS.drop(columns="households"), "no column households"),
        (GRIDS.iloc[:0], "no grids"),
        (GRIDS.set_crs(None, allow_override=True), "CRS"),
    ],
)
def test_bad_grids_are_named(grids, told):
    with pytest.raises(InputError, match=told):
        web_map(grids)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        save_web_map(web_map(GRIDS), tmp_path / "none" / "map.html")
