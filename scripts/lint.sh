#!/usr/bin/env bash
# The formatter's rules, the size of files, and the scripts' syntax.
set -euo pipefail
cd "$(dirname "$0")/.."

swift format lint --strict --recursive --parallel Package.swift Sources Tests

long=$(find Sources Tests -name '*.swift' -exec wc -l {} + | awk '$2 != "total" && $1 > 400 { print $2 ": " $1 " lines" }')
if [ -n "$long" ]; then
    echo "lint: longer than 400 lines:" >&2
    echo "$long" >&2
    exit 1
fi
for script in scripts/*.sh .ci/run; do
    bash -n "$script"
done
echo "lint: clean"
