#!/usr/bin/env bash
# Summary: the shards of an array job on GCP Batch: fetched, verified, merged; what it cost.
# Usage:   gcp-batch-pull.sh SLUG [--job NAME]
#
# Shards that are here already are not fetched again. When all are here they are merged into
# outputs/sequence_nn_search_merged.json, which is the same bytes wherever they come from.
# Exit 1 when shards are missing still (their indexes are on stdout), 2 when something is to be
# changed first, 3 when Google cannot be asked.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
source "$KGL_ROOT/scripts/_arrays.sh"
source "$KGL_ROOT/scripts/_gcp.sh"
help_if_asked "${1-}"
slug=${1:?SLUG is missing}
folder=$KGL_ROOT/competitions/$slug
arrays=$folder/outputs/arrays
need kgl-merge "run \`make build\`"
gcp_begin
the_job "${@:2}"

plan=$job/plan.json
shards=$KGL_ROOT/$(kgl-batch-plan get shards "$plan")
kgl-batch-plan get search "$plan" >"$scratch/search.json"
fetched=$(fetch_shards "$(kgl-batch-plan get shards-uri "$plan")" "$shards" "$scratch/search.json")
mkdir -p "$shards"
say "fetched:  $fetched shards, verified, into ${shards#"$KGL_ROOT/"}"
# What it cost; a job that was removed in the meantime has kept its shards.
code=0
job_status "$job" all || code=$?
[ "$code" -le 1 ] || exit "$code"

if ! kgl-merge --missing --search "$scratch/search.json" "$shards" >"$scratch/missing"; then
  say "missing:  $(wc -l <"$scratch/missing") shards; make gcp-submit competition=$slug submits them once the job has ended (args=\"--provisioning standard\" where spot machines are lost too often)"
  cat "$scratch/missing"
  exit 1
fi
merged=$folder/outputs/sequence_nn_search_merged.json
kgl-merge --search "$scratch/search.json" --out "$merged" "$shards"
say "merged:   $merged"
