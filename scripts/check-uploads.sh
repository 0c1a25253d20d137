#!/usr/bin/env bash
# Uploads N files (default 10000) by each strategy, and looks at every object: there once, byte for byte.
# Usage: [SERVE_FLAGS=--tls] scripts/check-uploads.sh [N] [more flags of run, as --client browser]
set -euo pipefail
cd "$(dirname "$0")/.."

count=${1:-10000}
shift || true
binary=${UPLOADBENCH:-.build/release/uploadbench}
folder=$(mktemp -d)
trap 'exec 9>&-; wait; rm -rf "$folder"' EXIT

mkfifo "$folder/input"
"$binary" serve --store "dir:$folder/store" --ready-file "$folder/ready.json" --until-stdin-closes \
    --gateway-throttle 1000000/s --gateway-burst 1000000 ${SERVE_FLAGS:-} <"$folder/input" >/dev/null &
exec 9>"$folder/input"
until [ -s "$folder/ready.json" ]; do sleep 0.05; done
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$folder/ready.json" "$1"; }

authority=$(field ca_file)
[ "$authority" = None ] || set -- --cacert "$authority" "$@"
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
AWS_ACCESS_KEY_ID=$(field access_key) AWS_SECRET_ACCESS_KEY=$(field secret_key) AWS_REGION=$(field region)
UPLOADBENCH_TOKEN=$(field token) "$binary" run --target "$(field store)" --gateway "$(field gateway)" \
    --edge "$(field edge)" --accelerate "$(field accelerate)" --bucket "$(field bucket)" \
    --size 10KiB -n "$count" -c 16 --rounds 1 --warmup 0s -q -o "$folder/run" "$@"

python3 - "$folder" "$count" <<'PYTHON'
import collections, csv, hashlib, pathlib, sys

folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
ended = collections.Counter(
    (row["scenario"], row["outcome"]) for row in csv.DictReader((folder / "run/samples.csv").open()))
objects = [path for path in (folder / "store").rglob("*") if path.is_file() and path.stat().st_size]
digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in objects}
strategies = {scenario for scenario, _ in ended}
good = all(ended[name, "ok"] == count for name in strategies) and len(ended) == len(strategies)
good = good and len(objects) == count * len(strategies) and len(digests) == 1
print(f"{len(strategies)} strategies, {count} uploads each, {len(objects)} objects, "
      f"{len(digests)} different contents: {'as it should be' if good else 'WRONG'}")
if not good:
    sys.exit(f"ended: {dict(ended)}")
PYTHON
