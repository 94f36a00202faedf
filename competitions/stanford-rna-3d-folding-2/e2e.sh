#!/usr/bin/env bash
# Summary: the whole pipeline on this machine, from a folder of data to a checked submission.
# Usage:   e2e.sh smoke | e2e.sh DATA_DIR
#
#   smoke     on a small competition made up here, scored against its hidden labels
#   DATA_DIR  on real data: train_sequences.csv, train_labels.csv, sample_submission.csv and
#             test_sequences.csv (or validation_sequences.csv, as part 1 calls it)
#
# Documents appear in outputs/e2e-smoke or outputs/e2e-full of the project; nothing
# else is touched.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
for program in kgl-inspect kgl-shard-search kgl-merge kgl-submit rna3d; do
  need "$program" "run \`make build\`"
done
[ $# -eq 1 ] || die 2 "give smoke or a folder of data (see --help)"

cd "$KGL_ROOT"
shards=4
if [ "$1" = smoke ]; then
  out=outputs/e2e-smoke data=outputs/e2e-smoke/data
else
  [ -d "$1" ] || die 2 "$1 is not a folder: give data=DIR"
  out=outputs/e2e-full data=$1
fi

# step NAME COMMAND...: runs one step and keeps its time for the report.
report=()
step() {
  local name=$1 begin end
  shift
  say "── $name"
  begin=$(date +%s%N)
  "$@"
  end=$(date +%s%N)
  report+=("$(printf '%-10s %8d ms' "$name" $(((end - begin) / 1000000)))")
}

search_shards() {
  local index
  for ((index = 0; index < shards; index++)); do
    "$here/run_sequence_nn_shard.sh" "$index" "$shards" "" --force --verbose
  done
}

pin() {
  kgl-shard-search --pin --count "$shards" --out "$out/search.json" \
    --queries "$data/$queries" --targets "$data/train_sequences.csv" "$here/search.json"
}

check() {
  kgl-submit --check --challenge "$here/challenge.json" --sample "$data/sample_submission.csv" \
    --submission "$out/submission.csv" --out "$out/submission_check.json"
}

rm -rf "$out/shards"
mkdir -p "$out"
[ "$1" != smoke ] || step generate rna3d generate "$data"
queries=test_sequences.csv
[ -e "$data/$queries" ] || queries=validation_sequences.csv
labels=$data/hidden/test_labels.csv
[ -e "$labels" ] || labels=$data/validation_labels.csv

export RNA_SEARCH=$out/search.json RNA_SHARD_DIR=$out/shards
step inspect kgl-inspect --data "$data" --out "$out/inspection.json"
step pin pin
step search search_shards
step merge kgl-merge --verbose --search "$out/search.json" --out "$out/sequence_nn_search_merged.json" "$out/shards"
step predict rna3d predict "$out/sequence_nn_search_merged.json" --data "$data" --out "$out/submission.csv"
if [ -e "$labels" ]; then
  groups=$data/hidden/families.csv
  [ -e "$groups" ] || groups=
  step score rna3d score "$out/submission.csv" --labels "$labels" ${groups:+--groups "$groups"} \
    --out "$out/validation_report.json"
fi
step check check

say ""
say "Time of each step:"
for line in "${report[@]}"; do say "  $line"; done
say ""
say "Documents:"
for name in data inspection.json search.json shards sequence_nn_search_merged.json submission.csv validation_report.json submission_check.json; do
  [ ! -e "$out/$name" ] || say "  $out/$name"
done
say ""
if [ "$1" = smoke ]; then
  say "Next: the same on real data: make e2e-full competition=${here##*/} data=DIR"
else
  say "Next: make help   (what else there is)"
fi
