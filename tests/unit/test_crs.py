import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import crs
from gis.errors import InputError

# Independently computed with PRCoords 1.0.2 (single file, CC0): WGS 84, GCJ-02, BD-09.
PRCOORDS = [
    ((116.404, 39.915), (116.410244499, 39.916404282), (116.416627244, 39.922699552)),
    ((113.2644, 23.1291), (113.269729592, 23.12642334), (113.276150752, 23.132711257)),
    ((111.2865, 30.6919), (111.292159564, 30.689461022), (111.298724709, 30.695149572)),
    ((120.1551, 30.2741), (120.159794479, 30.271771223), (120.166358349, 30.277599218)),
    ((130.3189, 46.7998), (130.326692494, 46.802021366), (130.333062608, 46.8083893)),
    ((87.6168, 43.8256), (87.619649949, 43.826805393), (87.626099771, 43.832949795)),
]
LON = st.floats(73.6, 134.7)
LAT = st.floats(18.2, 53.5)


@pytest.mark.parametrize(("wgs", "gcj", "bd"), PRCOORDS)
def test_shifts_agree_with_an_independent_implementation(wgs, gcj, bd):
    assert np.allclose(crs.wgs84_to_gcj02(*wgs), gcj, rtol=0, atol=1e-9)
    assert np.allclose(crs.wgs84_to_bd09(*wgs), bd, rtol=0, atol=1e-9)
    assert np.allclose(crs.gcj02_to_wgs84(*gcj), wgs, rtol=0, atol=2e-9)
    assert np.allclose(crs.bd09_to_wgs84(*bd), wgs, rtol=0, atol=2e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(LON, LAT), min_size=1, max_size=20))
def test_every_shift_is_undone_both_ways(places):
    lon, lat = np.array(places).T
    for there, back in (
        (crs.wgs84_to_gcj02, crs.gcj02_to_wgs84),
        (crs.wgs84_to_bd09, crs.bd09_to_wgs84),
        (crs.gcj02_to_bd09, crs.bd09_to_gcj02),
    ):
        for first, second in ((there, back), (back, there)):
            x, y = second(*first(lon, lat))
            assert np.abs(x - lon).max() <= 1e-9
            assert np.abs(y - lat).max() <= 1e-9


@settings(max_examples=25, deadline=None)
@given(LON, LAT)
def test_offset_has_the_known_size(lon, lat):
    x, y = crs.wgs84_to_gcj02(lon, lat)
    metres = pyproj.Geod(ellps="GRS80").inv(lon, lat, float(x), float(y))[2]
    assert 50 < metres < 1000


def test_missing_places_stay_missing():
    lon, lat = crs.gcj02_to_wgs84([np.nan, 116.4], [39.9, 39.9])
    assert np.isnan(lon[0])
    assert np.isfinite([lon[1], lat[1]]).all()


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ((116.2, 39.8, 116.6, 40.0), 4548),  # Beijing
        ((113.1, 23.0, 113.4, 23.2), 4547),  # Guangzhou
        ((111.2, 30.6, 111.4, 30.8), 4546),  # Yichang
        ((120.0, 30.2, 120.3, 30.4), 4549),  # Hangzhou
        ((130.2, 46.7, 130.45, 46.9), 4552),  # Jiamusi
        ((75.9, 39.4, 76.1, 39.6), 4534),  # Kashgar
        ((114.1, 22.25, 114.25, 22.4), 32650),  # Hong Kong: not mainland
        ((121.45, 25.0, 121.6, 25.1), 32651),  # Taipei
        ((103.8, 1.3, 103.9, 1.4), 32648),  # Singapore
        ((-71.2, 42.3, -71.0, 42.5), 32619),  # Cambridge
        ((151.0, -34.0, 151.3, -33.7), 32756),  # Sydney, southern hemisphere
    ],
)
def test_metric_crs_of_an_area(bounds, code):
    assert crs.metric_crs(bounds).to_epsg() == code


def test_a_frame_in_metres_keeps_its_own_but_web_mercator_is_not_metres():
    point = gpd.GeoDataFrame(geometry=[shapely.Point(116.4, 39.9)], crs=4326)
    for code in (4547, 4527, 32650, 26986):
        assert crs.metric_crs(point.to_crs(code)).to_epsg() == code
    for code in (3857, 4490, 2249):  # 2249 is in feet
        assert crs.metric_crs(point.to_crs(code)).to_epsg() == 4548


def test_metric_crs_needs_a_place():
    with pytest.raises(InputError, match="no reference system"):
        crs.metric_crs(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)]))
    with pytest.raises(InputError, match="without coordinates"):
        crs.metric_crs((np.nan, 1, 2, 3))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("gcj02", "gcj02"), ("GCJ-02", "gcj02"), ("BD-09", "bd09"), ("bd09ll", "bd09"), ("EPSG:4547", "EPSG:4547"),
        (4547, "EPSG:4547"), ("4490", "EPSG:4490"), ("CGCS2000", "EPSG:4490"), ("WGS 84", "EPSG:4326"),
        (pyproj.CRS(32650), "EPSG:32650"),
    ],
)  # fmt: skip
def test_reference_systems_as_people_write_them(written, name):
    assert crs.parse_crs(written).name == name


@pytest.mark.parametrize("written", ["EPSG:999999", "Mars", "", "99999"])
def test_unknown_reference_systems_are_named(written):
    with pytest.raises(InputError, match="no known reference system"):
        crs.parse_crs(written)


def test_to_store_keeps_what_came_in():
    point = shapely.Point(*PRCOORDS[0][1])
    square = shapely.box(116.41, 39.91, 116.42, 39.92)
    stored = crs.to_store(gpd.GeoDataFrame(geometry=[point, square, None]), "gcj02")
    assert stored.crs.to_epsg() == 4490
    assert np.allclose([stored.geometry[0].x, stored.geometry[0].y], PRCOORDS[0][0], rtol=0, atol=2e-9)
    assert (stored.raw_x[0], stored.raw_y[0]) == (point.x, point.y)
    assert square.contains(shapely.Point(stored.raw_x[1], stored.raw_y[1]))
    assert list(stored.raw_crs[:2]) == ["gcj02", "gcj02"]
    assert stored.raw_crs.isna()[2]
    assert stored.geometry[2] is None


def test_to_store_from_metres_is_east_before_north():
    stored = crs.to_store(gpd.GeoDataFrame(geometry=[shapely.Point(450_000, 4_420_000)]), 4548)
    expected = pyproj.Transformer.from_crs(4548, 4490, always_xy=True).transform(450_000, 4_420_000)
    assert (stored.geometry[0].x, stored.geometry[0].y) == pytest.approx(expected)
    assert stored.geometry[0].x == pytest.approx(116.4, abs=0.05)


def test_degrees_reach_the_store_unchanged():
    point = shapely.Point(116.123456789012, 39.987654321098)
    assert crs.to_store(gpd.GeoDataFrame(geometry=[point]), 4326).geometry[0].equals_exact(point, 0)


def test_old_datums_and_shifts_abroad_are_refused():
    here = gpd.GeoDataFrame(geometry=[shapely.Point(116.4, 39.9)])
    with pytest.raises(InputError, match="Beijing 1954"):
        crs.to_store(here, 4214)
    with pytest.raises(InputError, match="Xian 1980"):
        crs.to_store(here, 4610)
    assert crs.to_store(here, 4214, accept_old=True).geometry[0].x == pytest.approx(116.4, abs=0.01)
    hong_kong = gpd.GeoDataFrame(geometry=[shapely.Point(114.17, 22.32)])
    with pytest.raises(InputError, match="outside mainland China"):
        crs.to_store(hong_kong, "gcj02")
