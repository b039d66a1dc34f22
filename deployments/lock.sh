#!/bin/sh
# Makes requirements-test.txt, requirements.txt and requirements-scale.txt from pyproject.toml, for every supported
# Python and platform. The others are held to the first, so that what runs is what was tested. No index address goes
# into any of them.
#   sh deployments/lock.sh            keeps versions that still fit
#   sh deployments/lock.sh --upgrade  takes the newest that fit
set -eu
cd "$(dirname "$0")/.."
uv --version >/dev/null 2>&1 || { echo "Making a lock needs uv: https://docs.astral.sh/uv (installing one does not)." >&2; exit 2; }
: "${UV_CACHE_DIR:=$PWD/.cache/uv}"
export UV_CACHE_DIR

lock() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --group build "$@" pyproject.toml
}
lock --extra plan --extra scale --extra test --output-file requirements-test.txt "$@"
lock --constraint requirements-test.txt --output-file requirements.txt
lock --extra scale --extra plan --constraint requirements-test.txt --output-file requirements-scale.txt
