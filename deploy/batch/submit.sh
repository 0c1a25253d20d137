#!/usr/bin/env bash
# An array of N jobs on AWS Batch, and a job after it that merges what they measured:
#
#   deploy/batch/submit.sh QUEUE 8 load-1 [rate=4000] [duration=2m] [bucket=…] [target=…] [gateway=…] [hosts=…]
#
# job-definition.json has to be registered first (aws batch register-job-definition --cli-input-json file://…), with
# its placeholders filled in: account, image, file system, roles. All N have to run at a time: give the queue so
# many processors.
set -euo pipefail

(($# >= 3)) || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64; }
queue=$1 shards=$2 run=$3
shift 3
parameters=$(IFS=,; echo "shards=$shards,run=$run,out=/results/$run/{shard}.{attempt}${*:+,$*}")

load=$(aws batch submit-job --job-name "uploadbench-$run" --job-queue "$queue" --job-definition uploadbench-load \
    --array-properties "size=$shards" --parameters "$parameters" --query jobId --output text)
# After jobs of any end would need a workflow of its own; Batch starts this one when all have succeeded.
aws batch submit-job --job-name "uploadbench-$run-merge" --job-queue "$queue" --job-definition uploadbench-load \
    --depends-on "jobId=$load" --query jobId --output text --container-overrides \
    "command=merge,--shards,$shards,/results/$run,-o,/results/$run-merged"
