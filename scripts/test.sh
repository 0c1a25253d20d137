#!/usr/bin/env bash
# Runs the Swift tests, then the checks from outside, and sums both up. A failure of the first does
# not hide the second's.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

swift test 2>&1 | tee "$log"
swift_status=${PIPESTATUS[0]}
swift_summary=$(grep -E 'Test run with [0-9]+ test' "$log" | tail -n 1 | sed 's/^[^A-Za-z]*//')

# The debug binary that the tests have just built: a release build would take minutes more, and
# nothing here measures speed.
binary=$(swift build --show-bin-path)/uploadbench
interop_status=1
if [ -x "$binary" ] && scripts/setup-test.sh; then
    # They wait more than they work, so two for each core; a file's checks share what they start.
    workers=$((2 * $(nproc) < 8 ? 2 * $(nproc) : 8))
    UPLOADBENCH="$binary" .venv/bin/python -m pytest -p no:cacheprovider --tb=short \
        -n "$workers" --dist loadfile --no-loadscope-reorder Tests/Interop | tee "$log"
    interop_status=${PIPESTATUS[0]}
fi

echo
echo "swift test: ${swift_summary:-did not get as far as running tests}"
echo "Tests/Interop:"
if ! tail -n 1 "$log" | grep -E '^[0-9]+ passed, [0-9]+ failed'; then
    echo "0 passed, 1 failed (the checks did not run)"
fi
((swift_status == 0 && interop_status == 0))
