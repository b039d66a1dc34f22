#!/bin/sh
# Makes .venv from a lock file, or leaves it alone when it is right already.
#   sh deployments/environment.sh run    what the product needs   (requirements.txt)
#   sh deployments/environment.sh scale  and what docs/scale.md needs: PostgreSQL, Redis  (requirements-scale.txt)
#   sh deployments/environment.sh test   and what tests need      (requirements-test.txt, the same versions)
# PYTHON=... chooses the interpreter. Nothing is written outside the project folder.
set -eu
cd "$(dirname "$0")/.."

wanted=${1:-run}
case $wanted in
    run) lock=requirements.txt ;;
    scale) lock=requirements-scale.txt ;;
    test) lock=requirements-test.txt ;;
    *) echo "environment: say 'run', 'scale' or 'test', not '$wanted'." >&2; exit 2 ;;
esac
: "${PIP_CACHE_DIR:=$PWD/.cache/pip}" "${UV_CACHE_DIR:=$PWD/.cache/uv}"
export PIP_CACHE_DIR UV_CACHE_DIR PIP_DISABLE_PIP_VERSION_CHECK=1
stamp=.venv/.made-from

# The folder is part of the stamp: scripts in a virtual environment carry its path.
made_from() { { printf '%s %s\n' "$1" "$PWD"; cat "$1"; } | cksum; }

is_right() { [ -x .venv/bin/python ] && [ -f "$stamp.$1" ] && [ "$(cat "$stamp.$1")" = "$(made_from "$2")" ]; }

# The environment of the tests contains that for PostgreSQL, which contains that of the product.
if is_right "$wanted" "$lock" || is_right test requirements-test.txt; then exit 0; fi
if [ "$wanted" = run ] && is_right scale requirements-scale.txt; then exit 0; fi

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; }

python=
if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON" && python=$PYTHON
else
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if fits "$candidate"; then python=$candidate; break; fi
    done
fi
if [ -z "$python" ]; then
    found=$("${PYTHON:-python3}" --version 2>&1) || found="no usable '${PYTHON:-python3}'"
    echo "Vitale needs Python 3.11, 3.12 or 3.13; found: $found. Install one (Debian, Ubuntu: apt install python3.11 python3.11-venv; macOS: brew install python@3.13) or name it: make PYTHON=/path/to/python3.13 ..." >&2
    exit 2
fi

has_uv() { uv --version >/dev/null 2>&1; }
has_venv() { "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; }

if ! has_venv && ! has_uv; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "Python $version here has no 'venv' module. Install it (Debian, Ubuntu: apt install python$version-venv) and run the same command again." >&2
    exit 2
fi

with_uv() {
    uv venv --quiet --clear --python "$("$python" -c 'import sys; print(sys.executable)')" .venv &&
        uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r "$lock" &&
        uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
}

with_pip() {
    has_venv && "$python" -m venv --clear .venv &&
        .venv/bin/python -m pip install --quiet --no-deps --require-hashes -r "$lock" &&
        .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
}

echo "Making the environment from $lock (once; half a minute to two minutes)..." >&2
rm -rf .venv
mkdir -p .cache
log=.cache/environment.log
if { has_uv && with_uv; } > "$log" 2>&1 || with_pip >> "$log" 2>&1; then :
else
    rm -rf .venv
    tail -n 15 "$log" >&2
    echo "The environment could not be made (all of it: $log). Often the package index could not be reached; the same command tries again." >&2
    exit 6
fi
made_from "$lock" > "$stamp.$wanted"
