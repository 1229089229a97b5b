"""Is what a command says on stdout its own alone?"""

from __future__ import annotations

import subprocess
import sys


def test_what_a_library_prints_past_python_is_not_in_the_pipe():
    words = "import ctypes; from api.cli._show import keep_stdout; keep_stdout(); keep_stdout()\n"
    words += "ctypes.CDLL(None).puts(b'solver.run();'); print('网格')"
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", words], check=True, capture_output=True, encoding="utf-8"
    )
    assert (done.stdout, done.stderr) == ("网格\n", "solver.run();\n")
