#!/usr/bin/env bash
# Runs the checks that need other S3 servers; --docs writes the tables of docs/guard.md anew, --docs-servers that of
# docs/servers.md.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup-servers.sh

swift build --product uploadbench
export UPLOADBENCH=${UPLOADBENCH:-$(swift build --show-bin-path)/uploadbench}
python=$PWD/.venv-servers/bin/python
cd Tests/Interop
if [ "${1:-}" = --docs ]; then
    "$python" -m servers.guard_docs "${@:2}"
elif [ "${1:-}" = --docs-servers ]; then
    "$python" -m servers.doctor_docs "${@:2}"
else
    "$python" -m pytest -p no:cacheprovider --tb=short servers/check_guard.py servers/check_run.py "$@"
fi
