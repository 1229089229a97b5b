"""Does `gridkeeper demo` bring up a served district, find it again at once, and stop it?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.fixtures import environment

PROGRAM = Path(sys.executable).with_name("gridkeeper")


@pytest.fixture(scope="module")
def demo(database, tmp_path_factory):
    """Give a function that runs commands in a home of their own, on a database named by the environment."""
    home = tmp_path_factory.mktemp("home")
    surroundings = environment(database) | {"GRIDKEEPER_HOME": str(home), "GRIDKEEPER_PORT": "0"}

    def run(*words: str) -> str:
        done = subprocess.run(
            [PROGRAM, *words], env=surroundings, check=False, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    run.home = home
    yield run
    run("stop")


def health(address: str) -> str:
    with urllib.request.urlopen(f"{address}api/health", timeout=10) as answer:
        return json.load(answer)["status"]


def address_in(said: str) -> str:
    return next(word for word in said.split() if word.startswith("http://"))


def test_demo_serves_is_found_again_restarts_and_stops(demo):
    first = demo("demo", "--households", "600")
    address = address_in(first)
    assert "sample district" in first
    assert health(address) == "ok"

    again = demo("demo", "--households", "600")
    assert address_in(again) == address
    assert "serves already" in again

    os.kill(json.loads((demo.home / "server.json").read_text())["pid"], signal.SIGKILL)
    restarted = demo("demo", "--households", "600")
    assert "sample district" not in restarted, "what is loaded is not loaded again"
    assert health(address_in(restarted)) == "ok"

    assert "The server is stopped." in demo("stop")
    with pytest.raises(urllib.error.URLError):
        health(address_in(restarted))
    assert "No server was running." in demo("stop")
