"""What is the interface's description, byte for byte? ``python -m api.openapi > web/openapi.json``."""

from __future__ import annotations

import json
import sys

from api.app import create_app
from api.settings import read_settings

__all__ = ["openapi_json"]


def openapi_json() -> str:
    """Give the OpenAPI description: keys sorted, two blanks, one newline at the end; no server is needed."""
    described = create_app(read_settings()).openapi()
    described["info"]["version"] = "0"  # the client need not change with each release
    return json.dumps(described, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_json())
