#!/usr/bin/env bash
# The Swift tests, and short runs of the program, under the sanitizers of the tool chain.
# Usage: scripts/sanitize.sh [address] [thread] [undefined]   (default: all; each builds into .build-asan and so on)
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=("$@")
((${#wanted[@]})) || wanted=(undefined address thread)
declare -A folders=([address]=.build-asan [thread]=.build-tsan [undefined]=.build-ubsan)
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
failed=()
ran=0

# What a sanitizer finds goes to files, so that children of tests and of runs are heard of too.
export ASAN_OPTIONS="detect_leaks=1:log_path=$reports/address"
export LSAN_OPTIONS="suppressions=$PWD/Tests/Sanitize/leaks.txt:print_suppressions=0"
export TSAN_OPTIONS="suppressions=$PWD/Tests/Sanitize/races.txt:log_path=$reports/thread:halt_on_error=0"

# Some tests hold what happens to times: under a sanitizer, on busy cores, one may need another try.
tests() {
    local log=$reports/tests.log names
    swift test --skip-build --sanitize="$1" --scratch-path "${folders[$1]}" >"$log" 2>&1 && { tail -n 1 "$log"; return; }
    grep -E '^✘ Test (run|")' "$log" || { tail -n 20 "$log"; return 1; }
    names=$(sed -n 's/^✘ Test "\(.*\)" failed after.*/\1/p' "$log" | sort -u)
    [ -n "$names" ] && (($(wc -l <<<"$names") <= 5)) || return 1
    echo "sanitize: once more, alone: the suites of these"
    sed -n 's/^✘ Suite \(.*\) failed after.*/\1/p' "$log" | sort -u | while read -r suite; do
        swift test --skip-build --sanitize="$1" --scratch-path "${folders[$1]}" --filter "$suite" >"$log" 2>&1 \
            || { grep -E '^✘' "$log"; exit 1; }
        tail -n 1 "$log"
    done
}

for kind in "${wanted[@]}"; do
    echo "--- $kind"
    rm -f "$reports"/*
    if [ "$kind" = undefined ]; then
        # A matter of C: Swift's own arithmetic and bounds trap by themselves. Tried, for a tool chain that has it.
        if ! said=$(swiftc -sanitize=undefined -typecheck - <<<'' 2>&1); then
            echo "sanitize: this tool chain does not offer it: $said"
            continue
        fi
    fi
    ran=1
    swift build --build-tests --sanitize="$kind" --scratch-path "${folders[$kind]}" | tail -n 1
    tests "$kind" || failed+=("$kind: tests")
    python3 Tests/Sanitize/smoke.py "${folders[$kind]}/debug/uploadbench" || failed+=("$kind: short runs")
    for report in "$reports/$kind".*; do
        [ -e "$report" ] || continue
        grep -q -E 'ERROR: |WARNING: ThreadSanitizer' "$report" || continue
        failed+=("$kind: a report")
        head -n 40 "$report"
    done
done

if ((${#failed[@]})); then
    printf 'sanitize: %s\n' "${failed[@]}"
    exit 1
fi
((ran == 0)) || echo "sanitize: nothing found"
