#!/usr/bin/env bash
# One load from a Slurm array of N tasks, and a job after it that merges what they measured:
#
#   deploy/slurm/load.sh 8 /shared/results/load-1 --target http://s3.example:9000 --yes-load s3.example --bucket b --signer local -r 4000 -d 2m
#
# Credentials come from the environment of this shell (sbatch --export=ALL hands them on). Prints the merge's job id.
set -euo pipefail

(($# >= 2)) || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 64; }
shards=$1 folder=$2
shift 2
binary=${UPLOADBENCH:-uploadbench}
mkdir -p "$folder"

quoted=$(printf ' %q' "$@")
# The tasks find their place by SLURM_ARRAY_TASK_ID and wait for each other at the barrier, so all have to run at a
# time. A task that is requeued writes into a folder of its own; the merge takes the newest complete attempt.
array=$(sbatch --parsable --export=ALL --job-name=uploadbench-load --array="0-$((shards - 1))" --requeue \
    --output="$folder/task-%a.log" --open-mode=append \
    --wrap "exec $binary run --barrier=5m --out=$(printf %q "$folder")/{shard}.{attempt}$quoted")
# After tasks of any end: the merge says by name which shard is missing.
sbatch --parsable --export=ALL --job-name=uploadbench-merge --dependency="afterany:$array" \
    --output="$folder/merge.log" \
    --wrap "exec $binary merge --shards=$shards $(printf %q "$folder") -o $(printf %q "$folder-merged")"
echo "array job $array" >&2
