#!/usr/bin/env bash
# The whole benchmark of the engine into one folder: CPU per upload beside other clients, 10,000 connections,
# instruction counts, signing.  Usage: bench.sh BINARY [FOLDER]
set -euo pipefail
binary=$1
folder=${2:-results/engine/$(date -u +%Y%m%dT%H%M%SZ)}
here=$(dirname "$0")
export PYTHONDONTWRITEBYTECODE=1

python3 "$here/engine.py" "$binary" --out "$folder"
echo
python3 "$here/scale.py" "$binary" --out "$folder"
echo
python3 "$here/instructions.py" "$binary" --out "$folder"
echo
echo "Signing beside the hash limit"
echo
"$binary" sign -q --format markdown -o "$folder/signing"
echo
echo "results: $folder"
