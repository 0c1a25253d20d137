#!/usr/bin/env bash
# Shards under a real Slurm and under GNU parallel, both installed from Debian's packages. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

scripts/setup-test.sh
command -v parallel >/dev/null || install_packages "    install GNU parallel" parallel
binary=$(swift build --show-bin-path)/uploadbench
[ -x "$binary" ] || swift build --product uploadbench
UPLOADBENCH="$binary" .venv/bin/python -m pytest -p no:cacheprovider --tb=short Tests/Interop/scheduled/check_schedulers.py
