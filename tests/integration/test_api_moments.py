"""Does everything served answer for the moment asked for: grids, counts, tiles, cards, figures on both bases?"""

from __future__ import annotations

import pytest

from gis.clock import stopped_at
from gis.store.connect import connect
from gis.store.serve import shapes
from tests.integration import half_a_year as story
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.half_a_year import BEFORE, EAST, FIRST, GONE, HEIR, NORTH, NOW, SECOND, SIDE, SOUTH, SPLIT, WEST

D = f"/api/districts/{serve.DISTRICT}"


@pytest.fixture(scope="module")
def client(database):
    story.live_through(database.app_url)
    with serve.served(database.app_url, now=stopped_at(NOW)) as client:
        yield client


@pytest.fixture
def ask(client):
    def asked(path="", at=None, **query):
        answer = client.get(f"{D}{path}", params=query | ({} if at is None else {"at": at}))
        return answer.json()

    return asked


def codes(rows):
    return {row["code"] for row in rows}


def test_each_day_has_the_grids_in_force_at_its_end(ask):
    first = codes(ask("/grids", at=FIRST))
    assert (len(first), GONE in first) == (8, True)
    assert ask("/grids", at=BEFORE) == []
    assert codes(ask("/grids", at="2026-03-10")) == first
    assert codes(ask("/grids", at="2026-03-10T15:59:59Z")) == first
    for begun in (SECOND, "2026-03-10T16:00:00Z", "2026-03-11T00:00:00+08:00", None):
        assert codes(ask("/grids", at=begun)) == first - {GONE}
    assert [ask(at=at)["version"] for at in (BEFORE, FIRST, SECOND, None)] == [None, 1, 2, 2]


def test_counts_are_those_of_then(ask):
    def told(at):
        answer = ask(at=at)
        return answer["as_of"], answer["counts"]["households"], answer["counts"]["events"]

    assert told("2025-12-01") == (None, 0, 0)
    assert told(FIRST) == ("2026-01-01", 24 * 60, serve.EVENTS)
    assert told("2026-06-29") == ("2026-01-01", 24 * 60, 2 * serve.EVENTS)
    assert told("2026-06-30") == told(None) == ("2026-06-30", 24 * 65, 2 * serve.EVENTS)
    assert [g["households"] for g in ask("/grids", at=FIRST)] == [180] * 8


def test_what_is_still_to_come_is_said(ask):
    assert ask(at="2027-01-01")["ahead"] is True
    assert ask(at="2026-06-30")["ahead"] is ask()["ahead"] is False
    assert [(v["version"], v["ahead"], v["withdrawn_codes"]) for v in ask("/versions", at=FIRST)] == [
        (2, True, 1), (1, False, 0),
    ]  # fmt: skip


def test_totals_follow_the_communities_of_then(ask):
    for at, known in ((FIRST, {WEST, EAST}), (SPLIT, {SOUTH, NORTH, EAST}), (None, {SOUTH, NORTH, EAST})):
        told = ask(at=at)
        communities = [d for d in told["divisions"] if d["level"] == "community"]
        assert codes(communities) == known
        (whole,) = [d for d in told["divisions"] if d["level"] == "district"]
        for name in ("households", "grids", "parts", "events_year"):
            assert sum(c["totals"][name] for c in communities) == whole["totals"][name]
        assert whole["totals"]["households"] == told["counts"]["households"]
    # no re-cut yet: the grids of the community that is no more are counted where most of their cells lie now
    assert {g["division_id"] for g in ask("/grids")} == {d["id"] for d in communities}


def test_tiles_are_those_of_the_moment(client, ask, monkeypatch):
    now, then = ask()["layers"], ask(at=FIRST)["layers"]
    assert now != then
    assert ask(at="2026-06-30")["layers"]["grids"] == now["grids"]  # the same in force: the same tiles

    def tile(layer, version, at=None, zoom=13):
        z, x, y = serve.tile_at(*serve.lonlat(SIDE, small.BLOCK), zoom)
        params = {} if at is None else {"at": at}
        return client.get(f"/tiles/{serve.DISTRICT}/{layer}/{version}/{z}/{x}/{y}.mvt", params=params)

    def names(answer, layer):
        return {told["code"] for _, told, _ in serve.layers_of(answer)[layer]}

    monkeypatch.setattr(shapes, "KEPT", 1)  # each displaces the other, and both stay true
    for zoom in (12, 13, 14):
        assert names(tile("grids", then["grids"], FIRST, zoom), "grids") == codes(ask("/grids", at=FIRST))
        assert names(tile("grids", now["grids"], zoom=zoom), "grids") == codes(ask("/grids"))
    assert {WEST, EAST} < names(tile("divisions", then["divisions"], FIRST), "divisions")
    assert {SOUTH, NORTH, EAST} < names(tile("divisions", now["divisions"]), "divisions")
    found = serve.layers_of(tile("base", then["base"], FIRST, 14))["buildings"]
    assert {told["households"] for _, told, _ in found} == {60}
    assert tile("grids", then["grids"]).status_code == tile("grids", now["grids"], FIRST).status_code == 404
    events = client.get(f"/tiles/{serve.DISTRICT}/events/13/{tile_path()}", params={"at": FIRST})
    assert len(serve.layers_of(events)["events"]) == serve.EVENTS - serve.UNLOCATED


def tile_path():
    _, x, y = serve.tile_at(*serve.lonlat(SIDE, small.BLOCK), 13)
    return f"{x}/{y}.mvt"


def test_shapes_of_several_versions_stay(client, ask, database):
    for at in (FIRST, SECOND):
        z, x, y = serve.tile_at(*serve.lonlat(SIDE, small.BLOCK), 11)
        version = ask(at=at)["layers"]["grids"]
        client.get(f"/tiles/{serve.DISTRICT}/grids/{version}/{z}/{x}/{y}.mvt", params={"at": at})
    with connect(database.app_url) as connection:
        held = connection.execute("SELECT version FROM display_version WHERE layer = 'grids'").fetchall()
    assert {ask(at=at)["layers"]["grids"] for at in (FIRST, SECOND)} <= {row[0] for row in held}


def test_a_point_is_answered_for_at_a_moment(client, ask):
    row = next(g for g in ask("/grids", at=FIRST) if g["code"] == GONE)
    lon, lat = row["center"]
    then, now = (ask("/locate", at=at, lon=lon, lat=lat) for at in (FIRST, None))
    assert (then["grid"]["code"], then["version"]) == (GONE, 1)
    assert (now["grid"]["code"], now["version"]) == (HEIR, 2)
    assert (then["community"]["code"], now["community"]["code"]) == (WEST, SOUTH)
    assert ask("/locate", at=BEFORE, lon=lon, lat=lat)["grid"] is None
    body = {"points": [[lon, lat]]}
    assert client.post(f"{D}/locate", params={"at": FIRST}, json=body).json()["answers"] == [then]
    assert client.post(f"{D}/locate", json=body | {"at": FIRST}).json()["answers"] == [then]


def test_both_bases_count_every_located_event(client, ask):
    located = 2 * (serve.EVENTS - serve.UNLOCATED)
    now = {g["id"]: g for g in ask("/grids")}
    regrouped, then = (ask("/figures/events", basis=basis) for basis in ("as_of", "then"))
    assert (regrouped["basis"], then["basis"]) == ("as_of", "then")
    assert set(regrouped["values"]) == set(then["values"]) == {str(number) for number in now}
    for told in (regrouped, then):
        sums = told["events"]
        assert sum(told["values"].values()) == sums["in_grids"]
        assert sums["in_grids"] + sums["elsewhere"] + sums["nowhere"] == sums["total"] == located
    assert regrouped["events"]["nowhere"] == 0
    assert then["events"]["elsewhere"] > 0  # in the grid that is no more
    assert then["events"]["nowhere"] > 0  # before the first grids
    assert then["events"]["elsewhere"] == sum(
        value
        for g in ask("/grids", at=FIRST) if g["code"] == GONE
        for number, value in ask("/figures/events", at=FIRST, basis="then")["values"].items() if int(number) == g["id"]
    )  # fmt: skip
    assert ask("/figures/events")["values"] == regrouped["values"]
    bases = {f["key"]: f["bases"] for f in client.get("/api/figures").json()}
    assert (bases["households"], bases["events"]) == (["as_of"], ["as_of", "then"])
    assert ask("/figures/households", basis="then")["status"] == 422


def test_a_code_tells_its_history(ask):
    gone = ask(f"/grids/{GONE}")
    assert gone["state"]["key"] == "withdrawn"
    (version,) = gone["history"]
    assert (version["version"], version["in_force"], version["came_from"]) == (1, False, [])
    assert version["valid_to"] == "2026-03-10T16:00:00Z"
    assert version["went_to"] == [{"code": HEIR, "name": "第三网格", "households": 1.0, "area": 1.0}]
    assert ask(f"/grids/{GONE}", at=BEFORE)["state"]["key"] == "ahead"
    assert ask(f"/grids/{GONE}", at=FIRST)["history"][0]["in_force"] is True

    heir = ask(f"/grids/{HEIR}")
    assert [(v["version"], v["in_force"]) for v in heir["history"]] == [(2, True), (1, False)]
    assert {s["code"] for s in heir["history"][0]["came_from"]} == {GONE, HEIR}
    assert ask(f"/grids/{WEST}999")["status"] == 404


def test_things_are_those_of_then(ask):
    late = next(h for h in ask("/search", q="F005") if h["type"] == "event")
    assert ask("/search", q="F005", at=FIRST) == []
    assert ask(f"/events/{late['id']}", at=FIRST)["status"] == 404
    early = next(h for h in ask("/search", q="E020") if h["type"] == "event")
    facts = {f["key"]: f["value"] for f in ask(f"/events/{early['id']}")["facts"]}
    assert facts["then_code"] in codes(ask("/grids", at=FIRST))
    hit = next(h for h in ask("/search", q="B000", at=FIRST) if h["type"] == "building")
    assert ask(f"/buildings/{hit['id']}", at=FIRST)["key_figures"][0]["value"] == 60
    assert ask(f"/buildings/{hit['id']}")["key_figures"][0]["value"] == 65
    assert ask("/heat", at=FIRST)["events"] == serve.EVENTS


def test_what_is_asked_wrongly_is_named(ask):
    assert ask(at="yesterday")["status"] == 422
    told = ask(network="police")
    assert (told["status"], "community 1" in told["remedy"]) == (404, True)
    assert ask(level=3)["status"] == 404
    assert ask("/grids", network="community", level=1) == ask("/grids")


def test_a_series_runs_by_local_months(ask):
    def run(key, **query):
        told = ask(f"/series/{key}", **query)
        return told["basis"], {m["month"]: m["value"] for m in told["months"]}

    located = serve.EVENTS - serve.UNLOCATED
    basis, whole = run("events")
    assert (basis, min(whole), max(whole), len(whole)) == ("as_of", "2025-08", "2026-07", 12)
    assert (whole["2026-01"], whole["2026-04"], sum(whole.values())) == (located, located, 2 * located)
    _, gone = run("events", grid=GONE)
    assert sum(gone.values()) == 0
    _, gone = run("events", grid=GONE, basis="then")
    assert sum(gone.values()) == ask("/figures/events", basis="then")["events"]["elsewhere"]
    for code in (EAST, "990101001"):
        total = next(d for d in ask()["divisions"] if d["code"] == code)["totals"]["events_year"]
        assert sum(run("events", division=code)[1].values()) == total
    assert sum(run("events", at=FIRST)[1].values()) == located

    basis, households = run("households", **{"from": "2025-12-01", "to": "2026-06-30"})
    assert (basis, households["2025-12"], households["2026-05"], households["2026-06"]) == (
        "then", None, 24 * 60, 24 * 65,
    )  # fmt: skip
    _, heir = run("households", grid=HEIR)
    assert (heir["2026-02"], heir["2026-03"], heir["2026-06"]) == (180, 360, 390)
    _, split = run("households", division=SOUTH)
    assert (split["2026-04"], split["2026-05"]) == (None, 360)
    assert ask("/series/rumours")["status"] == 404
    assert ask("/series/households", basis="as_of")["status"] == 422
    assert ask("/series/events", **{"from": "1990-01-01"})["status"] == 422


def test_another_network_has_its_own_grids_on_the_same_things(client, ask, database):
    story.add_police(database.app_url)
    rows, own = ask("/grids", network="police"), ask("/grids")
    assert len(rows) == 3
    assert not codes(rows) & codes(own)
    for name in ("households", "parts", "events_year"):
        assert sum(g[name] for g in rows) == sum(g[name] for g in own)
    police, community = ask(network="police"), ask()
    assert (police["network"], police["level"], police["version"]) == ("police", 1, 1)
    assert police["layers"]["grids"] != community["layers"]["grids"]
    assert police["layers"]["base"] == community["layers"]["base"]
    for mine, other in zip(police["divisions"], community["divisions"], strict=True):  # communities too
        assert {n: mine["totals"][n] for n in ("households", "parts")} == {
            n: other["totals"][n] for n in ("households", "parts")
        }
    lon, lat = own[0]["center"]
    assert ask("/locate", network="police", lon=lon, lat=lat)["grid"]["code"] in codes(rows)
    z, x, y = serve.tile_at(*serve.lonlat(SIDE, small.BLOCK), 13)
    place = f"/tiles/{serve.DISTRICT}/grids/{police['layers']['grids']}/{z}/{x}/{y}.mvt"
    assert {
        p["code"] for _, p, _ in serve.layers_of(client.get(place, params={"network": "police"}))["grids"]
    } == codes(rows)
    told = ask("/figures/events", network="police", basis="then")["events"]
    assert told["in_grids"] + told["elsewhere"] + told["nowhere"] == told["total"]
