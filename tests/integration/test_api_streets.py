"""Does the service tell who answers for a street, draw it, and let a planner say otherwise?"""

from __future__ import annotations

import pytest

from tests.integration import served_district as serve
from tests.integration import small_district as small

D = f"/api/districts/{serve.DISTRICT}"
PLANNER = {"X-Gridkeeper-Person": "Li"}
ON_STREET = (small.BLOCK + 2, 60)
"""On a street inside the western community, in the eastern one of two grids."""


@pytest.fixture(scope="module")
def client(database):
    serve.put_in_force(database.app_url)
    with serve.served(database.app_url) as client:
        client.post("/api/persons", json={"name": "Li"})
        yield client


def locate(client, place=ON_STREET):
    lon, lat = serve.lonlat(*place)
    return client.get(f"{D}/locate", params={"lon": lon, "lat": lat}).json()


def tile(client, zoom, place=ON_STREET):
    z, x, y = serve.tile_at(*serve.lonlat(*place), zoom)
    return client.get(f"/tiles/{serve.DISTRICT}/streets/{z}/{x}/{y}.mvt")


def test_an_answer_names_street_owner_and_the_grid_it_lies_in(client):
    answer = locate(client)
    assert (answer["how"], answer["by_duty"]) == ("street", True)
    assert answer["street"]["grid"] == answer["grid"]
    west = locate(client, (small.BLOCK - 2, 60))
    assert west["grid"] == answer["grid"]
    assert west["geometric_grid"] != answer["geometric_grid"]
    assert answer["duty_cell"] == west["duty_cell"]
    elsewhere = next(a for a in (answer, west) if a["geometric_grid"] != a["grid"])
    assert elsewhere["geometric_grid"]["code"] in elsewhere["text"]["zh"]
    assert f"home grid {elsewhere['grid']['code']}" in elsewhere["text"]["en"]
    assert f"主责网格 {elsewhere['grid']['code']}" in elsewhere["text"]["zh"]
    inside = locate(client, (75, 75))
    assert (inside["street"], inside["duty_cell"], inside["geometric_grid"]) == (None, inside["cell"], inside["grid"])


def test_a_planner_gives_a_street_to_another_grid_and_all_follows(client):
    before = locate(client)
    card = client.get(f"{D}/streets/{before['street']['id']}").json()
    assert (card["grid"]["code"], card["person"], card["width_m"]) == (before["grid"]["code"], None, 10.0)
    assert card["community"]["code"] == small.COMMUNITIES[0]
    assert len(card["choices"]) >= 2
    assert card["grid"] in card["choices"]
    other = next(g["code"] for g in card["choices"] if g["code"] != card["grid"]["code"])
    address = f"{D}/streets/{card['id']}/home"
    etag = tile(client, 16).headers["etag"]
    for wrong in ({}, {"cell": 1, "grid_code": other}):
        assert client.put(address, json=wrong, headers=PLANNER).status_code == 422
    assert client.put(address, json={"grid_code": "nowhere"}, headers=PLANNER).status_code == 422
    assert client.put(address, json={"grid_code": other}).status_code == 422  # nobody acts
    done = client.put(address, json={"grid_code": other, "reason": "商户都在这边"}, headers=PLANNER)
    assert done.status_code == 200, done.text
    told = done.json()
    assert (told["grid"]["code"], told["person"], told["reason"]) == (other, "Li", "商户都在这边")
    assert [home["grid_code"] for home in told["homes"]] == [other, card["grid"]["code"]]
    assert client.get(f"{D}/streets/{card['id']}").json() == told  # by the number it had before, too
    assert tile(client, 16).headers["etag"] != etag
    after = locate(client)
    assert after["grid"]["code"] == other
    assert "Li指定" in after["text"]["zh"]
    assert client.get(f"{D}/streets/999999").status_code == 404


def test_tiles_draw_each_street_in_its_owners_colour(client):
    assert tile(client, 11).status_code == 204
    layers = serve.layers_of(tile(client, 16))
    rows = [properties for _, properties, _ in layers["streets"]]
    assert {r["kind"] for r in rows} == {"segment", "crossing"}
    assert all({"grid", "grid_name", "colour", "code"} <= set(r) for r in rows)
    answer = locate(client)
    drawn = {number: properties for number, properties, _ in layers["streets"]}[answer["street"]["id"]]
    assert drawn["grid"] == answer["street"]["grid"]["code"]
    assert {g["type"] for _, _, g in layers["streets"]} <= {"Polygon", "MultiPolygon"}
    lines = serve.layers_of(tile(client, 14))["streets"]
    assert {p["kind"] for _, p, _ in lines} == {"segment"}
