#!/usr/bin/env bash
# Runs the Swift tests, then the checks from outside (when there are any in Tests/Interop).
set -euo pipefail
cd "$(dirname "$0")/.."

swift test

if compgen -G 'Tests/Interop/test_*.py' >/dev/null; then
    scripts/setup-test.sh
    # The debug binary that the tests have just built: a second build would take minutes.
    UPLOADBENCH="$PWD/.build/debug/uploadbench" .venv/bin/python -m pytest -q Tests/Interop
fi
