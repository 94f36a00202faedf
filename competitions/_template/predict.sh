#!/usr/bin/env bash
# Summary: the submission from what was trained, checked.
# Usage:   predict.sh [--rows N]
#
#   --rows N  only the first N rows of the sample, to see quickly whether it works;
#             nothing to submit: it appears as outputs/smoke_submission.csv

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
need kgl-baseline "run \`make build\`"
need kgl-submit "run \`make build\`"

out=$here/outputs
[ -e "$out/model.json" ] ||
  die 2 "$out/model.json is missing: run \`make train competition=${here##*/}\` first"
if [ "${1-}" = --rows ]; then
  smoke=$out/smoke_submission.csv
  kgl-baseline predict "$here/baseline.json" --model "$out/model.json" \
    --rows "${2:?--rows needs a number}" --out "$smoke"
  say "the first rows: $smoke"
else
  kgl-baseline predict "$here/baseline.json" --model "$out/model.json" --out "$out/submission.csv"
  kgl-submit --check --challenge "$here/challenge.json" --submission "$out/submission.csv" \
    --out "$out/submission_check.json"
  say "submission: $out/submission.csv"
fi
