"""Is the private cluster put where its server can live, and nobody else's touched?"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pytest

from gis.errors import SetupError
from gis.store.cluster import DEMO, TESTS, Cluster, place_cluster


def test_a_temporary_cluster_lives_in_the_project(tmp_path):
    home = tmp_path / ".gridkeeper"
    assert place_cluster(home, TESTS, None) == home / "test-pg"
    assert (home / "test-pg").stat().st_mode & 0o777 == 0o700


def test_a_socket_path_that_is_too_long_moves_the_cluster_and_links_it(tmp_path):
    home = tmp_path / ("x" * 100) / ".gridkeeper"
    folder = place_cluster(home, TESTS, None, elsewhere=tmp_path)
    assert folder.parent == tmp_path
    assert len(str(folder / ".s.PGSQL.5432").encode()) <= 107
    assert (home / "test-pg").resolve() == folder
    assert place_cluster(home, TESTS, None, elsewhere=tmp_path) == folder


def test_two_checkouts_never_share_a_cluster(tmp_path):
    folders = {place_cluster(tmp_path / (c * 100), TESTS, None, elsewhere=tmp_path) for c in "ab"}
    assert len(folders) == 2


def test_where_no_place_will_do_each_reason_is_told(tmp_path):
    with pytest.raises(SetupError, match=r"longer than 107 bytes.*longer than 107 bytes"):
        place_cluster(tmp_path / ("x" * 100), TESTS, None, elsewhere=tmp_path / ("y" * 100))


def test_a_durable_cluster_never_lies_in_a_temporary_folder(tmp_path):
    with pytest.raises(SetupError, match="temporary folder"):
        place_cluster(tmp_path / ".gridkeeper", DEMO, None, elsewhere=tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the cluster to another account")
def test_a_place_that_the_servers_account_cannot_enter_is_left(tmp_path):
    tmp_path.chmod(0o700)
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        placed = place_cluster(tmp_path / ".gridkeeper", TESTS, "nobody", elsewhere=Path(folder))
        assert placed.parent == Path(folder)
        assert placed.owner() == "nobody"
    with pytest.raises(SetupError, match="nobody cannot get to"):
        place_cluster(tmp_path / "other", TESTS, "nobody", elsewhere=tmp_path)


def test_somebody_elses_cluster_is_refused(tmp_path, monkeypatch):
    home = tmp_path / ".gridkeeper"
    (home / "test-pg" / "data").mkdir(parents=True)
    somebody_else = tmp_path.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
    with pytest.raises(SetupError, match="belongs to the account"):
        place_cluster(home, TESTS, None)


def test_addresses_are_for_the_socket_and_survive_odd_paths():
    odd = Cluster(Path("/srv/a b/ü?&/pg"), TESTS, Path("/bin"), None)
    address = urlsplit(odd.app_url)
    assert address.username == "gridkeeper_app"
    assert parse_qs(address.query)["host"] == ["/srv/a b/ü?&/pg"]
    assert urlsplit(replace(odd).owner_url).username == "gridkeeper_owner"


def test_only_the_tests_cluster_gives_up_durability():
    assert "fsync=off" in TESTS.options
    assert not any(option.startswith(("fsync", "synchronous_commit", "full_page_writes")) for option in DEMO.options)
    for flavour in (DEMO, TESTS):
        assert "listen_addresses=" in flavour.options
