#!/usr/bin/env bash
# The formatter's rules, the size of files, and the syntax of the scripts.
set -euo pipefail
cd "$(dirname "$0")/.."

swift format lint --strict --recursive --parallel Package.swift Sources Tests

line_limit=400
long=$(find Sources Tests scripts .ci -type f \
    \( -name '*.swift' -o -name '*.py' -o -name '*.sh' -o -name '*.h' -o -name run \) \
    -exec wc -l {} + | awk -v limit="$line_limit" '$2 != "total" && $1 > limit { print "    " $2 ": " $1 }')
if [ -n "$long" ]; then
    echo "lint: longer than $line_limit lines:" >&2
    echo "$long" >&2
    exit 1
fi
for script in scripts/*.sh .ci/run; do
    bash -n "$script"
done
echo "lint: clean"
