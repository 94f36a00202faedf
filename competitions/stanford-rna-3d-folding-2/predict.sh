#!/usr/bin/env bash
# Summary: the submission from the merged search, checked.
# Usage:   predict.sh [--rows N]
#
#   --rows N  only the first N rows of the sample, to see quickly whether it works;
#             nothing to submit: it appears as smoke_submission.csv
#
# RNA_DATA    the competition's data  (default: data here)
# RNA_OUT     where documents appear  (default: outputs here)
# RNA_MERGED  the merged document     (default: $RNA_OUT/sequence_nn_search_merged.json)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
need rna3d "run \`make build\`"
need kgl-submit "run \`make build\`"

data=${RNA_DATA:-$here/data}
out=${RNA_OUT:-$here/outputs}
merged=${RNA_MERGED:-$out/sequence_nn_search_merged.json}
sample=$data/sample_submission.csv
submission=$out/submission.csv

[ -e "$merged" ] || die 2 "$merged is missing: run \`make train competition=${here##*/}\` first"
[ -e "$sample" ] || die 2 "$sample is missing: put the competition's data into $data"
if [ "${1-}" = --rows ]; then
  sample=$out/smoke_sample.csv submission=$out/smoke_submission.csv
  head -n "$((${2:?--rows needs a number} + 1))" "$data/sample_submission.csv" >"$sample"
fi

rna3d predict "$merged" --data "$data" --sample "$sample" --out "$submission"
kgl-submit --check --challenge "$here/challenge.json" --sample "$sample" \
  --submission "$submission" --out "${submission%.csv}_check.json"
say "submission: $submission"
