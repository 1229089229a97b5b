"""Does `gridkeeper export map DISTRICT` draw the grids in force, and say what to do where there are none?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.fixtures import environment

PROGRAM = Path(sys.executable).with_name("gridkeeper")


def export(database, *arguments):
    command = [PROGRAM, "export", "map", *arguments]
    return subprocess.run(command, env=environment(database), check=False, capture_output=True, text=True)


def test_every_grid_in_force_is_drawn_with_its_households(sample_database, tmp_path):
    out = tmp_path / "map.html"
    done = export(sample_database, "990101", "--out", out)
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    with psycopg.connect(sample_database.owner_url) as connection:
        codes = {row[0] for row in connection.execute("SELECT code FROM grid WHERE valid @> now()")}
        name = connection.execute("SELECT name FROM district").fetchone()[0]
    layers = [json.loads(f)["features"] for f in re.findall(r'_add\((\{"features".*?)\);\n', text)]
    cards = [f["properties"]["card"] for layer in layers for f in layer if "card" in f["properties"]]
    assert {re.search(r"<td>(\d{15})</td>", card)[1] for card in cards} == codes
    homes = [int(re.search(r"户数</th><td>([\d,]+)<", card)[1].replace(",", "")) for card in cards]
    assert sum(homes) == 2_000
    assert f"<h1>{name}</h1>" in text


def test_faults_are_one_message_and_a_code(database, tmp_path):
    out = tmp_path / "map.html"
    for arguments, code, told in (
        (("990199", "--out", out), 4, "no district 990199"),
        (("--out", out), 3, "either a DISTRICT or"),
        (("990101", "--language", "de", "--out", out), 3, "language"),
        (("990101", "--out", tmp_path / "none" / "map.html"), 3, "no folder"),
    ):
        done = export(database, *arguments)
        assert (done.returncode, done.stderr.count("gridkeeper:")) == (code, 1), done.stderr
        assert told in done.stderr
    assert not out.exists()
