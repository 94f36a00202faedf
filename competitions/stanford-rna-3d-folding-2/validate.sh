#!/usr/bin/env bash
# Summary: how good the predictions are, on known targets held out by date.
# Usage:   validate.sh [DATA_DIR [SINCE [BEFORE]]]
#
#   DATA_DIR  the competition's data: train_sequences.csv, train_labels.csv (default: data here)
#   SINCE     targets dated on this day or later are held out (default: 2022-05-27)
#   BEFORE    and before this day                             (default: none)
#
# Each target is predicted from known structures that are strictly older than
# itself and belong to another entry. The report puts beside it, on the same
# library, random templates, the best by identity, a published recipe and the
# best choice in hindsight, reads the metric both ways, and tells what is lost
# where: by the library, the alignment, the choice. Choices of the method are made with BEFORE 2020-01-01,
# never on the targets of the default.
#
# RNA_VALIDATION  where documents appear (default: outputs/validation here)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
for program in kgl-shard-search kgl-merge rna3d; do
  need "$program" "run \`make build\`"
done

data=${1:-$here/data} since=${2:-2022-05-27} before=${3-}
out=${RNA_VALIDATION:-$here/outputs/validation}/$since${before:+-$before}
[ -e "$data/train_labels.csv" ] || die 2 "$data/train_labels.csv is missing: give the folder of the competition's data"

# search NAME: the merged hits of NAME.json for the targets held out.
search() {
  kgl-shard-search all "$here/$1.json" --out-dir "$out/$1" --force \
    --queries "$out/data/test_sequences.csv" --targets "$out/data/train_sequences.csv"
  kgl-merge --out "$out/$1.merged.json" "$out/$1"
}

rm -rf "$out/data" "$out/search" "$out/references"
rna3d split "$data" "$out/data" --since "$since" ${before:+--before "$before"}
search search
search references
rna3d predict "$out/search.merged.json" --data "$out/data" --labels "$data/train_labels.csv" --out "$out/submission.csv"
rna3d score "$out/submission.csv" --labels "$data/train_labels.csv" --groups "$out/data/families.csv" \
  --references "$out/references.merged.json" --search "$out/search.merged.json" --split "dated on or after $since${before:+ and before $before}" \
  --plot "$out/plots" --out "$out/validation_report.json"
rna3d table "$out/validation_report.json"
say "report: $out/validation_report.json"
