#!/usr/bin/env bash
# Summary: the missing shards of a competition's search as a Slurm array, and the merge behind it.
# Usage:   slurm-submit.sh SLUG [ARGS...]
#
#   ARGS  handed on to kgl-batch-plan: --partition, --account, --workers, --count, --task-s, …
#
# Run where sbatch works, in a project that all nodes see. Prints the number of the job that
# merges; the tasks that it waits for are requeued when their nodes go away, and keep shards
# that are there. Logs and documents are in outputs/arrays of the competition.
# Exit 1 when no shard is missing, 2 without a search or sbatch, 3 when Slurm refuses.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
source "$KGL_ROOT/scripts/_arrays.sh"
help_if_asked "${1-}"
need sbatch "apt-get install -y slurm-client, on a machine of the cluster"
array_search "${1-}"
shift

plan=$(mktemp "$arrays/.plan.XXXXXX")
trap 'rm -f "$plan" "$plan.batch"' EXIT
shards=$(shards_here)
kgl-batch-plan --engine slurm --competition "$slug" --root "$KGL_ROOT" ${shards:+--shards "$shards"} "$@" "$search" >"$plan"
kgl-batch-plan job "$plan" >"$plan.batch"
job=$KGL_ROOT/$(kgl-batch-plan get folder "$plan")
shards=$KGL_ROOT/$(kgl-batch-plan get shards "$plan")
mkdir -p "$job" "$shards"
cp "$plan" "$job/plan.json"
# What the tasks read: the search, pinned and cut as planned, and which shard each of them takes.
kgl-shard-search --pin --count "${shards##*-}" --out "$job/search.json" "$search"
kgl-batch-plan get map "$plan" >"$job/map"

array=$(sbatch --parsable "$plan.batch") || die 3 "Slurm does not take the array: sinfo and squeue say more"
merge=$(sbatch --parsable --job-name=kgl-merge --dependency="afterok:$array" --kill-on-invalid-dep=yes \
  --chdir="$KGL_ROOT" --output="$job/merge.log" --requeue --wrap \
  "$(printf '%q ' "$(command -v kgl-merge)" --verbose --search "$job/search.json" --out "$folder/outputs/sequence_nn_search_merged.json" "$shards")") ||
  { scancel "$array"; die 3 "Slurm does not take the merge, so the array was taken back"; }
say "array $array, then merge $merge; squeue shows them, scancel $array $merge ends them"
printf '%s\n' "$merge"
