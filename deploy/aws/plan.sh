#!/usr/bin/env bash
# Writes a plan file for 'uploadbench run --plan' from the outputs of a stack made of template.yaml.
# Usage: deploy/aws/plan.sh STACK [FILE]     (FILE: default STACK.json)
# Region and credentials are the AWS CLI's: AWS_PROFILE, AWS_REGION, ...
set -euo pipefail

fail() {
    echo "plan.sh: $1" >&2
    exit 1
}

case ${1:-} in
"") fail "name the stack: deploy/aws/plan.sh STACK [FILE]" ;;
-h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0" && exit ;;
esac
stack=$1 file=${2:-$1.json}
# The first version of the CLI knows only the other name.
[ -z "${AWS_REGION:-}" ] || export AWS_DEFAULT_REGION=$AWS_REGION
command -v aws >/dev/null || fail "needs the AWS CLI"

outputs=$(aws cloudformation describe-stacks --stack-name "$stack" \
    --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text) ||
    fail "the AWS CLI could not describe the stack '$stack'"
plan=$(awk -F '\t' '
    # The outputs that are flags of run.
    BEGIN { split("Target Bucket Region Gateway Edge Accelerate", names, " "); for (i in names) known[names[i]] = 1 }
    known[$1] && !index($2, "\"") && !index($2, "\\") { printf "%s  \"%s\": \"%s\"", separator, tolower($1), $2; separator = ",\n" }
' <<<"$outputs")
[[ $plan == *'"target"'* && $plan == *'"gateway"'* ]] ||
    fail "'$stack' has no outputs Target and Gateway: is it a stack of deploy/aws/template.yaml?"
printf '{\n%s\n}\n' "$plan" >"$file"
# Whoever loads hosts that are not this machine has to name them.
hosts=$(sed -nE 's|.*"https://([^/"]*).*|\1|p' "$file" | sort -u | paste -sd , -)
echo "$file; now type:"
echo "    UPLOADBENCH_TOKEN=... uploadbench run --plan $file --yes-load $hosts --max-cost 5"
