"""Do totals, figures, cards, search and locate say the same of one district, each in its own words?"""

from __future__ import annotations

import pytest

from gis.crs import wgs84_to_bd09, wgs84_to_gcj02
from gis.measures import GRID_FIGURES
from tests.integration import served_district as serve
from tests.integration import small_district as small

D = f"/api/districts/{serve.DISTRICT}"
SUMS = ("households", "estimated_households", "people", "parts", "events_year")


@pytest.fixture(scope="module")
def client(database):
    serve.put_in_force(database.app_url)
    with serve.served(database.app_url) as client:
        yield client


@pytest.fixture(scope="module")
def detail(client):
    return client.get(D).json()


@pytest.fixture(scope="module")
def grids(client):
    return client.get(f"{D}/grids").json()


def test_the_list_tells_what_the_district_holds(client, detail):
    (item,) = client.get("/api/districts").json()
    assert item == {name: detail[name] for name in item}
    assert item["counts"] == {
        "households": 24 * 65,
        "estimated_households": 3 * 65,
        "people": 24 * 162,
        "buildings": 24,
        "grids": 8,
        "parts": serve.PARTS,
        "events": serve.EVENTS,
        "workers": 6,
        "households_outside": 0,
        "unlocated_events": serve.UNLOCATED,
    }
    assert (item["time_zone"], item["as_of"], item["version"]) == ("Asia/Shanghai", "2026-06-30", 1)
    west, south, east, north = item["bbox"]
    assert 116 < west < east < 117
    assert 39 < south < north < 40


def test_totals_agree_with_the_sums_of_their_grids(detail, grids):
    by_id = {division["id"]: division for division in detail["divisions"]}
    assert [d["level"] for d in detail["divisions"]] == ["district", "subdistrict", "community", "community"]
    for division in detail["divisions"]:
        mine = [g for g in grids if division["id"] in _chain(g["division_id"], by_id)]
        for name in SUMS:
            assert division["totals"][name] == sum(g[name] for g in mine), name
        assert division["totals"]["grids"] == len(mine)
        assert division["totals"]["within_10"] == sum(abs(g["households"] - 200) <= 20 for g in mine)
    whole = detail["divisions"][0]["totals"]
    assert whole["households"] == detail["counts"]["households"]
    assert whole["parts"] == serve.PARTS  # those beyond the edge belong to the nearest grid
    assert whole["events_year"] == serve.EVENTS - serve.UNLOCATED


def _chain(division, by_id):
    while division is not None:
        yield division
        division = by_id[division]["parent_id"]


def test_grids_are_rows_by_code(grids):
    assert [g["code"] for g in grids] == sorted(g["code"] for g in grids)
    for grid in grids:
        assert grid["code"].endswith(grid["serial"])
        assert grid["households"] == 195
        assert grid["deviation"] == -2.5
        west, south, east, north = grid["bbox"]
        lon, lat = grid["center"]
        assert west < lon < east
        assert south < lat < north
    assert sum(g["workers"] for g in grids) == 5  # five workers for the four grids of one community, one for the other


def test_classes_of_things_and_the_year_of_events(detail):
    assert {c["class"]: c["count"] for c in detail["event_classes"]} == {"0102": 20, "0501": 20}
    assert detail["part_classes"] == [{"class": "0118", "class_name": "路灯", "count": serve.PARTS}]
    assert detail["event_period"] == ["2026-01-01T08:00:00Z", "2026-01-09T11:00:00Z"]
    assert detail["event_year"] == ["2025-01-09T16:00:00Z", "2026-01-09T16:00:00Z"]  # whole days in Shanghai
    assert detail["plan"]["target"] == 200
    assert detail["plan"]["measures"]["grids"] == 8
    assert detail["plan"]["measures"]["within_10"] == 1.0


def test_every_figure_is_defined_and_classed(client, grids):
    listed = client.get("/api/figures").json()
    assert [f["key"] for f in listed] == list(GRID_FIGURES)
    for figure in listed:
        told = client.get(f"{D}/figures/{figure['key']}").json()
        assert set(told["values"]) == {str(g["id"]) for g in grids}
        assert sum(c["count"] for c in told["classes"]) + told["zero"] + told["no_data"] == len(grids)
        for index, entry in enumerate(told["classes"]):
            assert entry["count"] == sum(c == index for c in told["class_of"].values())
        assert len(told["colours"]["light"]) == len(told["colours"]["dark"]) >= len(told["classes"])


def test_figures_are_the_rows_figures(client, grids):
    def values(key):
        told = client.get(f"{D}/figures/{key}").json()
        return {int(k): v for k, v in told["values"].items()}, told

    for key in ("households", "people", "parts", "deviation"):
        assert values(key)[0] == {g["id"]: g[key] for g in grids}
    rates, told = values("events_per_100_households")
    for grid in grids:
        assert rates[grid["id"]] == pytest.approx(100 * grid["events_year"] / grid["households"], abs=1e-4)
    assert told["basis"] == "as_of"
    assert told["period"] == ["2025-01-09T16:00:00Z", "2026-01-09T16:00:00Z"]
    assert told["as_of"] == "2026-06-30"
    assert told["estimated"] == [g["id"] for g in grids if g["estimated_households"]]
    assert told["estimated"]


def test_deviation_has_the_same_classes_everywhere(client):
    told = client.get(f"{D}/figures/deviation").json()
    assert [c["from"] for c in told["classes"]] == [None, -50, -20, -10, 10, 20, 50]
    assert [c["count"] for c in told["classes"]] == [0, 0, 0, 8, 0, 0, 0]


def test_an_unknown_figure_is_named(client):
    told = client.get(f"{D}/figures/happiness").json()
    assert told["status"] == 404
    assert "deviation" in told["remedy"]


def test_heat_counts_by_class_and_local_day(client):
    def heat(**asked):
        return client.get(f"{D}/heat", params=asked).json()

    every = heat()
    assert sum(f["properties"]["weight"] for f in every["features"]) == serve.EVENTS - serve.UNLOCATED
    assert (every["events"], every["unlocated"]) == (serve.EVENTS, serve.UNLOCATED)
    # From 08:00 UTC each 5 hours: 08, 13 on 1 January in Shanghai; 18, 23, 04, 09, 14 on the 2nd.
    assert heat(**{"from": "2026-01-01", "to": "2026-01-01"})["events"] == 2
    assert heat(**{"from": "2026-01-02", "to": "2026-01-02"})["events"] == 5
    assert heat(**{"class": "0102", "from": "2026-01-02", "to": "2026-01-02"})["events"] == 3
    assert heat(**{"from": "2026-01-02", "to": "2026-01-01"})["status"] == 422


def test_cards_lead_to_the_grid_and_its_worker(client, grids):
    grid = next(g for g in grids if g["workers"])
    card = client.get(f"{D}/grids/{grid['code']}").json()
    assert (card["id"], card["title"], card["subtitle"]) == (grid["id"], grid["name"], grid["community_name"])
    assert [f["key"] for f in card["key_figures"]] == ["households", "deviation", "events_per_100_households"]
    assert card["key_figures"][0]["value"] == grid["households"]
    assert card["people"][0]["role"] == {"zh": "网格员", "en": "Grid worker"}
    assert client.get(f"{D}/grids/000").json()["status"] == 404
    for kind, number in (("buildings", 1), ("parts", 1), ("events", 2)):
        card = client.get(f"{D}/{kind}/{number}").json()
        assert card["grid"]["code"] in {g["code"] for g in grids}
        assert all(fact["value"] not in (None, "") for fact in card["facts"])
        units = [entry["unit"] for entry in (*card["key_figures"], *card["facts"]) if entry["unit"]]
        assert all(unit["zh"] and unit["en"] for unit in units)
        assert client.get(f"{D}/{kind}/99999").json()["status"] == 404


def test_an_estimate_is_called_one(client):
    (hit,) = client.get(f"{D}/search", params={"q": "B001"}).json()
    card = client.get(f"{D}/buildings/{hit['id']}").json()
    assert card["key_figures"][0] | {"label": None} == {
        "key": "households", "label": None, "value": 65, "unit": {"zh": "户", "en": "households"},
        "format": "integer", "estimated": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "type_", "code"),
    [
        ("990101001002003", "grid", "990101001002003"),
        ("９９０１０１ 001002-003", "grid", "990101001002003"),
        ("002004", "grid", "990101001002004"),
        ("990101001001", "division", "990101001001"),
        ("桥东", "division", "990101001002"),
        ("柳岸路2号3号楼", "building", None),
        ("B312", "building", "B312"),
        ("P007", "part", "P007"),
        ("E012", "event", "E012"),
    ],
)
def test_search_puts_what_is_meant_first(client, typed, type_, code):
    first = client.get(f"{D}/search", params={"q": typed}).json()[0]
    assert first["type"] == type_
    assert code is None or first["code"] == code


@pytest.mark.parametrize("typed", ["柳岸路２号３栋", "柳岸路 2 号 三幢", "柳岸路2号3座", "柳岸路2号3#"])
def test_ways_of_writing_find_the_same_houses(client, typed):
    hits = client.get(f"{D}/search", params={"q": typed}).json()
    assert [h["subtitle"] for h in hits[:2]] == ["柳岸路2号3号楼"] * 2
    assert all(h["grid_code"] for h in hits[:2])


def test_search_finds_nothing_for_signs_alone(client):
    assert client.get(f"{D}/search", params={"q": "%_"}).json() == []


PLACES = {"inside": (75, 75), "border": (299.8, 75), "street": (150, 75), "near": (-40, 75), "outside": (-5000, 75)}


@pytest.mark.parametrize("how", PLACES)
def test_locate_answers_for_every_point(client, grids, how):
    lon, lat = serve.lonlat(*PLACES[how])
    answer = client.get(f"{D}/locate", params={"lon": lon, "lat": lat}).json()
    assert answer["how"] == how
    codes = {g["code"] for g in grids}
    if how == "outside":
        assert answer["grid"] is None
        assert answer["distance_m"] == pytest.approx(5000, abs=1)
        return
    assert answer["grid"]["code"] in codes
    assert answer["distance_m"] == pytest.approx(40 if how == "near" else 0, abs=0.1)
    assert answer["community"]["code"] == small.COMMUNITIES[0]
    assert answer["district"] == {"code": serve.DISTRICT, "name": "望河区"}
    assert (answer["version"], answer["valid_to"]) == (1, None)
    assert bool(answer["others"]) == (how in {"border", "street"})
    assert {o["grid_code"] for o in answer["others"]} <= codes
    for text in answer["text"].values():
        assert answer["grid"]["code"] in text
        assert "望河区 › 临水街道 › 柳岸社区" in text
        assert all(worker["name"] in text for worker in answer["workers"])


@pytest.mark.parametrize(("crs", "shift"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_a_shifted_point_is_the_same_place(client, crs, shift):
    lon, lat = serve.lonlat(75, 75)
    plain = client.get(f"{D}/locate", params={"lon": lon, "lat": lat, "crs": "EPSG:4326"}).json()
    x, y = (float(v) for v in shift(lon, lat))
    shifted = client.get(f"{D}/locate", params={"lon": x, "lat": y, "crs": crs}).json()
    assert shifted["cell"] == plain["cell"]
    assert shifted["point"]["lon"] == pytest.approx(lon, abs=1e-9)
    mistaken = client.get(f"{D}/locate", params={"lon": x, "lat": y}).json()
    assert mistaken["cell"] != plain["cell"]


def test_many_points_get_the_answers_of_one(client):
    points = [serve.lonlat(x, y) for x, y in PLACES.values()]
    many = client.post(f"{D}/locate", json={"points": [*points, None]}).json()["answers"]
    assert many[:-1] == [client.get(f"{D}/locate", params={"lon": x, "lat": y}).json() for x, y in points]
    assert many[-1]["how"] == "unlocated"
    assert client.get(f"{D}/locate", params={"lon": 1, "lat": 2, "crs": "EPSG:3857"}).status_code == 422


def test_what_cannot_be_read_is_named(client):
    told = client.get(f"{D}/locate?lon=200&lat=nowhere").json()
    assert told["status"] == 422
    assert {place["field"] for place in told["places"]} == {"lon", "lat"}


def test_before_the_grids_were_in_force_there_were_none(client):
    lon, lat = serve.lonlat(75, 75)
    answer = client.get(f"{D}/locate", params={"lon": lon, "lat": lat, "at": "2026-06-01T00:00:00Z"}).json()
    assert answer["grid"] is None


def test_steps_report_or_say_why_not(client):
    told = client.post(f"{D}/publish", json={}).json()
    assert told["status"] == 409
    told = client.post(f"{D}/propose", json={"target": 100}).json()
    assert told["measures"]["target"] == 100
    checked = client.post(f"{D}/check", json={"plan_id": told["plan_id"]}).json()
    assert all(check["passed"] for check in checked["checks"] if check["hard"])
    assert {"no_gap", "no_overlap"} <= {check["name"] for check in checked["checks"]}
    assert client.post(f"{D}/propose", json={"target": 0}).status_code == 422
