"""Is a server in the background only believed in while it lives, and does it find a free port?"""

from __future__ import annotations

import fcntl
import json
import os
import socket

from api import background


def write_state(home, pid=1):
    (home / "server.json").write_text(json.dumps({"pid": pid, "port": 8420, "code": 0}))


def test_what_a_dead_server_left_behind_is_not_believed(tmp_path):
    write_state(tmp_path, os.getpid())
    assert background.find(tmp_path) is None
    assert background.stop(tmp_path) is False


def test_the_lock_tells_that_a_server_lives(tmp_path):
    write_state(tmp_path)
    with (tmp_path / "server.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert background.find(tmp_path) == background.Server(1, 8420, 0)
        (tmp_path / "server.json").write_text("{half")
        assert background.find(tmp_path) is None
    assert background.find(tmp_path) is None


def test_a_port_that_is_taken_is_left_to_its_owner():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert background.free_port(port) not in {0, port}
    assert background.free_port(port) == port


def test_nobody_answers_on_a_port_where_nobody_listens():
    assert background.Server(1, background.free_port(0), 0).answers() is False


def test_a_newer_file_makes_the_program_newer(tmp_path, monkeypatch):
    monkeypatch.setattr(background, "_ROOT", tmp_path)
    (tmp_path / "api").mkdir()
    assert background.code_age() == 0
    (tmp_path / "api" / "a.py").touch()
    assert background.code_age() == (tmp_path / "api" / "a.py").stat().st_mtime_ns
