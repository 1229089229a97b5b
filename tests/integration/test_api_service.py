"""Does the service refuse whom it must, tell faults as problems, and let the browser load nothing from elsewhere?"""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import STATUS
from api.openapi import openapi_json
from gis.errors import GridkeeperError, SetupError
from tests.integration import served_district as serve

ROOT = Path(__file__).resolve().parents[2]
PAGE = "<!doctype html><title>Gridkeeper</title>"


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    (folder / "assets" / "app-1a2b.js").write_text("export const answer = 42;\n" * 100, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def client(database, web):
    with serve.served(database.app_url, web=web) as client:
        yield client


def problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert {"type", "title", "detail"} <= told.keys()
    return told


def test_health_names_the_service_and_its_database(client):
    told = client.get("/api/health").json()
    assert told["status"] == "ok"
    assert told["name"] == "gridkeeper"
    assert told["database"][0].isdigit()


def test_an_empty_database_has_no_districts(client):
    assert client.get("/api/districts").json() == []


@pytest.mark.parametrize(
    "address",
    ["", "/grids", "/figures/deviation", "/heat", "/grids/1", "/buildings/1", "/search?q=1", "/locate?lon=1&lat=1"],
)
def test_an_unknown_district_is_named(client, address):
    told = problem(client.get(f"/api/districts/nowhere{address}"), 404)
    assert "nowhere" in told["detail"]
    assert told["remedy"]


def test_an_unknown_address_is_a_problem_too(client):
    assert "/api/nothing" in problem(client.get("/api/nothing", headers={"accept": "text/html"}), 404)["detail"]


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/assets/app-1a2b.js"])
def test_the_browser_may_load_nothing_from_elsewhere(client, path):
    policy = dict(part.strip().split(" ", 1) for part in client.get(path).headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(policy)
    assert "http" not in str(policy)
    assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_every_page_of_the_app_is_its_one_page(client):
    for path in ("/", "/overview/990101", "/plan?grid=1"):
        answer = client.get(path, headers={"accept": "text/html"})
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["cache-control"] == "private, no-cache"


def test_hashed_files_are_kept_for_ever_and_zipped(client):
    answer = client.get("/assets/app-1a2b.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    missing = client.get("/assets/app-gone.js")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers["cache-control"]


def test_a_role_that_may_do_more_than_serve_is_refused(database):
    with pytest.raises(SetupError, match=r"must not serve"), serve.served(database.owner_url):
        pass


def test_a_database_without_tables_is_refused(databases):
    url = databases.cluster.url("gridkeeper_app", "postgres")
    with pytest.raises(SetupError, match="no tables"), serve.served(url):
        pass


def test_every_known_error_has_its_status():
    def leaves(error):
        yield error
        for child in error.__subclasses__():
            yield from leaves(child)

    for error in leaves(GridkeeperError):
        assert any(base in STATUS for base in error.__mro__)
        named = next(base for base in error.__mro__ if base in STATUS)
        assert named is not GridkeeperError or error is GridkeeperError, f"{error} has no status of its own"


def test_the_client_is_generated_from_this_very_interface():
    stored = (ROOT / "web" / "openapi.json").read_text(encoding="utf-8")
    assert openapi_json() == stored, "python -m api.openapi > web/openapi.json, then generate the client again"
