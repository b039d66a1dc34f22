#!/bin/sh
# Puts axe-core and ical.js in .cache/axe for the tests, from tests/portal/package-lock.json. Without npm it says
# nothing: those tests then say what to install. Nothing is written outside the project folder.
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null 2>&1 || exit 0
made=$(cksum < tests/portal/package-lock.json)
stamp=.cache/axe/.made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$made" ] && [ -f .cache/axe/node_modules/axe-core/axe.min.js ]; then exit 0; fi
mkdir -p .cache/axe
cp tests/portal/package.json tests/portal/package-lock.json .cache/axe/
if npm ci --prefix .cache/axe --cache .cache/npm --ignore-scripts --no-audit --no-fund > .cache/axe.log 2>&1; then
    printf '%s' "$made" > "$stamp"
else
    echo "axe-core and ical.js could not be installed (why: .cache/axe.log); the tests that need them are skipped." >&2
fi
