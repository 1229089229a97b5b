#!/bin/sh
# Prints the path of a Python 3.11 or newer; installs Debian's where there is none and we may.
set -eu

find_python() {
    for name in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

find_python && exit 0
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo -n"; fi
    export DEBIAN_FRONTEND=noninteractive
    echo "  install Python" >&2
    { $as_root apt-get -qq update && $as_root apt-get -qq install -y python3 python3-venv; } >/dev/null 2>&1 || true
    find_python && exit 0
fi
cat >&2 <<'EOM'
Gridkeeper needs Python 3.11 or newer.
  Debian 12, Ubuntu 24.04:  sudo apt-get install -y python3 python3-venv
  macOS:                    brew install python
EOM
exit 1
