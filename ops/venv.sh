#!/usr/bin/env bash
# Makes .venv and installs İLKİM with pinned versions into it; does nothing when that is done already.
# Usage: ops/venv.sh [dev]      PYTHON=… names another Python (3.11 or later).
# Debian's Python comes without its venv package: pip is then taken from Debian's own package, unpacked, without root.
set -euo pipefail
cd "$(dirname "$0")/.."
extra=${1:-}

fail() { printf '%s\n' "$@" >&2; exit 1; }

find_python() {
  local name
  for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    if [ -n "$name" ] && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "Python 3.11 or later is needed: apt install python3, or name one with PYTHON=/path/to/python make …"
}

works() { [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && [ "$(cat .venv/.place 2>/dev/null)" = "$PWD" ]; }

pip_from_debian() { # prints the path of pip's wheel
  "$1" -c '
from pathlib import Path
from ops import debian
root = debian.unpacked(Path(".ilkim/packages/pip").absolute(), "python3-pip-whl", family="(?!)", say=lambda line: None)
print(next(root.glob("usr/share/python-wheels/pip-*.whl")))'
}

make_venv() {
  local python wheel
  python=$(find_python)
  echo "python: making .venv with $("$python" --version)"
  rm -rf .venv
  if ! "$python" -m venv .venv >/dev/null 2>&1; then
    rm -rf .venv
    "$python" -m venv --without-pip .venv || fail "this Python has no venv module: apt install python3-venv"
    wheel=$(pip_from_debian "$python") || fail "this Python has no pip for .venv: apt install python3-venv"
    .venv/bin/python "$wheel/pip" install -q --disable-pip-version-check --no-index "$wheel"
  fi
  printf '%s' "$PWD" >.venv/.place
}

wanted=$(cat pyproject.toml constraints.txt | sha256sum)
[ -n "$extra" ] && what=".[$extra]" || what=.
stamp=.venv/.installed${extra:+-$extra}
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ "$(cat .venv/.place 2>/dev/null)" = "$PWD" ]; then
  exit 0
fi
works || make_venv
echo "python: installing İLKİM and its libraries (once)"
.venv/bin/python -m pip install -qq --disable-pip-version-check --retries 10 -c constraints.txt -e "$what"
printf '%s\n' "$wanted" | tee .venv/.installed >"$stamp"
