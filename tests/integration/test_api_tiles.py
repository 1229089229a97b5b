"""Are tiles true, light, kept as long as they are good, and no longer?"""

from __future__ import annotations

import gzip

import pytest
import shapely

from gis.store import pipeline
from gis.store.connect import connect
from layers import tiles
from tests.integration import served_district as serve
from tests.integration import small_district as small

D = serve.DISTRICT
FOR_EVER = "public, max-age=31536000, immutable"
MIDDLE = serve.lonlat(2 * small.BLOCK, small.BLOCK)
WHOLE = 13
"""At this zoom the whole district lies in one tile."""


@pytest.fixture(scope="module")
def client(database):
    serve.put_in_force(database.app_url, crowded=True)
    with serve.served(database.app_url) as client:
        yield client


@pytest.fixture(scope="module")
def versions(client):
    return client.get(f"/api/districts/{D}").json()["layers"]


def address(layer, zoom, version=None, lonlat=MIDDLE):
    z, x, y = serve.tile_at(*lonlat, zoom)
    return "/".join(map(str, ["/tiles", D, layer, *([] if version is None else [version]), z, x, f"{y}.mvt"]))


@pytest.fixture
def slow(client, versions):
    def tile(layer, zoom=WHOLE):
        return serve.layers_of(client.get(address(layer, zoom, versions[layer])))

    return tile


@pytest.mark.parametrize("layer", ["base", "divisions", "grids"])
def test_a_slow_layer_is_kept_for_ever_under_its_version(client, versions, layer):
    answer = client.get(address(layer, WHOLE, versions[layer]), headers={"accept-encoding": "gzip"})
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    plain = client.get(address(layer, WHOLE, versions[layer]), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    old = client.get(address(layer, WHOLE, versions[layer] - 1))
    assert old.status_code == 404
    assert old.headers["content-type"] == "application/problem+json"
    assert "immutable" not in old.headers["cache-control"]


def test_the_base_map_is_thinned_by_zoom(slow):
    assert set(slow("base", WHOLE)) == {"landcover", "compounds", "barriers", "buildings"}
    assert len(slow("base", WHOLE)["buildings"]) == 24
    assert [p["class"] for _, p, _ in slow("base", 12)["barriers"]] == ["secondary"]
    assert "buildings" not in slow("base", 12)
    assert slow("base", 6) == {}
    near = [p for _, p, _ in slow("base", 16)["buildings"]]
    assert all(p["households"] == 65 and p["name"] for p in near)


def test_estimates_are_marked_in_the_base_map(slow):
    found = {number: p.get("estimated", False) for number, p, _ in slow("base", 14)["buildings"]}
    assert sum(found.values()) == 3


def test_a_tile_that_is_too_heavy_is_thinned(client, versions, monkeypatch):
    full = client.get(address("base", 17, versions["base"])).content
    limit = len(gzip.compress(full)) - 1
    monkeypatch.setattr(tiles, "MAX_ZIPPED", limit)
    client.app.state.gridkeeper.tiles._kept.clear()
    answer = client.get(address("base", 17, versions["base"]), headers={"accept-encoding": "gzip"})
    assert 0 < int(answer.headers["content-length"]) <= limit
    client.app.state.gridkeeper.tiles._kept.clear()


@pytest.mark.parametrize("zoom", [8, 10, 12, 13, 15])
def test_grids_are_all_there_at_every_zoom(client, versions, slow, zoom):
    rows = {g["id"]: g for g in client.get(f"/api/districts/{D}/grids").json()}
    drawn = {number: p for number, p, _ in slow("grids", zoom)["grids"]}
    assert set(drawn) <= set(rows)
    assert zoom > 14 or set(drawn) == set(rows)
    for number, told in drawn.items():
        assert {k: rows[number][k] for k in ("code", "serial", "name")} == {
            k: told[k] for k in ("code", "serial", "name")
        }


def test_neighbours_never_share_a_tint(slow):
    drawn = {n: (p["colour"], shapely.geometry.shape(g)) for n, p, g in slow("grids", 15)["grids"]}
    touching = [(a, b) for a in drawn for b in drawn if a < b and drawn[a][1].intersection(drawn[b][1]).length > 5]
    assert touching
    assert all(drawn[a][0] != drawn[b][0] for a, b in touching)


def test_a_label_stands_in_one_tile_alone_with_its_households(client, versions):
    rows = {g["id"]: g["households"] for g in client.get(f"/api/districts/{D}/grids").json()}
    z, x, y = serve.tile_at(*MIDDLE, 16)
    seen = []
    for column in range(x - 2, x + 3):
        for row in range(y - 2, y + 3):
            tile = serve.layers_of(client.get(f"/tiles/{D}/grids/{versions['grids']}/{z}/{column}/{row}.mvt"))
            seen += [(number, p["households"]) for number, p, _ in tile.get("grid_labels", [])]
    assert sorted(seen) == sorted(rows.items())


def test_each_border_is_drawn_once_with_its_highest_level(slow):
    unit = 4096 / (40_075_016.7 / 2**WHOLE) / 0.7671  # tile units a metre; cos of the latitude
    metres = {}
    for _, told, geometry in slow("divisions")["division_lines"]:
        line = shapely.geometry.shape(geometry)
        metres[told["level"]] = metres.get(told["level"], 0) + line.length / unit
    # The subdistrict has the district's own border; between the communities lie two blocks.
    assert metres == pytest.approx({"district": 12 * small.BLOCK, "community": 2 * small.BLOCK}, rel=0.02)


def test_divisions_carry_names_in_both_languages(slow):
    layers = slow("divisions")
    names = {p["level"]: (p["name"], p["name_en"]) for _, p, _ in layers["divisions"]}
    assert names["district"] == ("望河区", "Wanghe")
    assert len(layers["divisions"]) == len(layers["division_labels"]) == 4


def test_parts_are_counted_where_they_crowd_and_shown_where_not(client):
    far = serve.layers_of(client.get(address("parts", 10)))
    assert sum(p["count"] for _, p, _ in far["parts_binned"]) == serve.PARTS + serve.CROWD
    assert len(far["parts_binned"]) < tiles.BINS**2
    lamps = serve.layers_of(client.get(address("parts", 10), params={"class": "0118"}))
    assert len(lamps["parts"]) == serve.PARTS
    assert lamps["parts"][0][1].keys() == {"code", "class", "class_name", "state"}
    assert serve.layers_of(client.get(address("parts", 10), params={"class": "none"})) == {}


def test_neighbouring_tiles_share_no_part(client):
    z, x, y = serve.tile_at(*MIDDLE, 17)
    seen = []
    for column in range(x - 3, x + 4):
        for row in range(y - 3, y + 4):
            tile = client.get(f"/tiles/{D}/parts/{z}/{column}/{row}.mvt", params={"class": "0118"})
            seen += [number for number, _, _ in serve.layers_of(tile).get("parts", [])]
    assert len(seen) == len(set(seen)) == serve.PARTS


def test_events_are_filtered_by_class_and_local_day(client):
    def events(**asked):
        return serve.layers_of(client.get(address("events", 10), params=asked)).get("events", [])

    assert len(events()) == serve.EVENTS - serve.UNLOCATED
    assert {p["class"] for _, p, _ in events(**{"class": "0501"})} == {"0501"}
    day = events(**{"from": "2026-01-02", "to": "2026-01-02"})
    assert len(day) == 5
    assert all("2026-01-01T16" <= p["occurred_at"] < "2026-01-02T16" for _, p, _ in day)


def test_a_live_tile_is_asked_for_again_and_unchanged_until_something_is_written(client, database):
    place = address("events", 10)
    first = client.get(place)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(place, headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(place, params={"class": "0501"}).headers["etag"] != etag
    with connect(database.app_url) as connection:
        more = serve.events()
        more.frame["code"] = [f"N{code}" for code in more.frame["code"]]
        more.frame["class"], more.frame["class_name"] = None, "道路积水"
        pipeline.write_batch(connection, D, more, clock=serve.CLOCK)
    changed = client.get(place, headers={"if-none-match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert len(serve.layers_of(changed)["events"]) == 2 * (serve.EVENTS - serve.UNLOCATED)
    # A source without class codes: its class names stand for them.
    named = {"class": "道路积水", "class_name": "道路积水", "count": serve.EVENTS}
    assert named in client.get(f"/api/districts/{D}").json()["event_classes"]
    only = serve.layers_of(client.get(place, params={"class": "道路积水"}))["events"]
    assert {p["class"] for _, p, _ in only} == {"道路积水"}
    assert len(only) == serve.EVENTS - serve.UNLOCATED


def test_another_count_makes_another_version(client, database, versions):
    with connect(database.app_url) as connection:
        batch = serve.buildings()
        batch.frame["households"] = 70.0
        batch.frame["as_of"] = small.pd.Timestamp("2026-07-01").date()
        pipeline.write_batch(connection, D, batch, clock=serve.CLOCK)
    now = client.get(f"/api/districts/{D}").json()["layers"]
    assert now["base"] != versions["base"]
    assert now["grids"] != versions["grids"]
    assert now["divisions"] == versions["divisions"]
    labels = serve.layers_of(client.get(address("grids", WHOLE, now["grids"])))["grid_labels"]
    assert {p["households"] for _, p, _ in labels} == {210}


def test_a_tile_that_does_not_exist_is_named(client, versions):
    answer = client.get(f"/tiles/{D}/parts/3/9/1.mvt")
    assert answer.status_code == 422
    assert "3/9/1" in answer.json()["detail"]
    assert client.get(f"/tiles/{D}/rumours/3/1/1.mvt").status_code == 422
