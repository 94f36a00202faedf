#!/usr/bin/env bash
# Summary: the missing shards of a competition's search as an array job of GCP Batch.
# Usage:   gcp-batch-submit.sh SLUG [ARGS...]
#
#   ARGS  handed on to kgl-batch-plan: --provisioning standard, --machine, --parallel, --count, …
#
# CLOUDSDK_CORE_PROJECT, CLOUDSDK_BATCH_LOCATION, KGL_GCP_BUCKET: see scripts/_gcp.sh.
# KGL_TASK_BINARY  the kgl-shard-search that tasks run (default: built here, without libraries)
# KGL_GCP_PRICES   what machines cost                  (default: scripts/gcp-prices.json)
#
# Shards that are published already are fetched first; only the others are submitted. Prints the
# job's name. Run again after an answer was lost, it finds the job that it made.
# Exit 1 when no shard is missing or a job is still at it, 2 when something is to be changed
# first, 3 when Google cannot be asked.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
source "$KGL_ROOT/scripts/_arrays.sh"
source "$KGL_ROOT/scripts/_gcp.sh"
help_if_asked "${1-}"
gcp_begin
array_search "${1-}"
shift

# A job of the same search that has not ended would do the same work.
newest=$(newest_job)
if [ -n "$newest" ] && [[ $(kgl-batch-plan get shards "$newest/plan.json") == */"${identity:0:12}"-* ]]; then
  code=0
  job_status "$newest" none --quiet || code=$?
  [ "$code" -le 1 ] || exit "$code"
  if [ "$code" -eq 0 ] && ! kgl-batch-plan ended "$newest/status.json"; then
    die 1 "${newest##*/} is still at it: make gcp-status competition=$slug shows it, make gcp-stop competition=$slug ends it"
  fi
fi

# What is published of this search, cut as the shards that are here or as it was cut before.
kgl-shard-search --pin --out "$scratch/search.json" "$search"
shards=$(shards_here)
code=0
ask_quietly "look into gs://$bucket" storage ls "gs://$bucket/kgl/shards/" >"$scratch/folders" || code=$?
[ "$code" -le 1 ] || exit "$code"
published=$(sed -n "s|^gs://.*/\($identity-[0-9]*\)/\$|\1|p" "$scratch/folders" | sort | head -n 1)
if [ -z "$shards" ] && [ -n "$published" ]; then shards=$arrays/${identity:0:12}-${published##*-}; fi
if [ -n "$shards" ] && grep -q "/$identity-${shards##*-}/\$" "$scratch/folders"; then
  kgl-shard-search --pin --count "${shards##*-}" --out "$scratch/search.json" "$search"
  fetched=$(fetch_shards "gs://$bucket/kgl/shards/$identity-${shards##*-}" "$shards" "$scratch/search.json")
  [ "$fetched" -eq 0 ] || say "$fetched shards that were published already were fetched"
fi

binary=${KGL_TASK_BINARY:-$KGL_ROOT/target/static/bin/kgl-shard-search}
[ -n "${KGL_TASK_BINARY-}" ] || "$KGL_ROOT/scripts/static-binaries.sh" "${binary%/*}" "${binary##*/}"
plan=$scratch/plan.json
# Project and region it takes from the environment.
kgl-batch-plan --competition "$slug" --root "$KGL_ROOT" --bucket "$bucket" \
  --prices "${KGL_GCP_PRICES:-$KGL_ROOT/scripts/gcp-prices.json}" ${shards:+--shards "$shards"} \
  --file "target/release/kgl-shard-search=$binary" --file scripts/_env.sh \
  --file "competitions/$slug/run_gcp_batch_task.sh" --file "competitions/$slug/run_sequence_nn_shard.sh" \
  "$@" "$search" >"$plan"
id=$(kgl-batch-plan get id "$plan")
place=$(kgl-batch-plan get region "$plan")
kgl-batch-plan job "$plan" >"$scratch/job.json"

# Uploaded again even if they are there: what lies in the bucket goes by its age.
kgl-batch-plan files --out-dir "$scratch/files" "$plan"
ask "upload what the tasks need" storage cp --no-user-output-enabled "$scratch/files"/* "$(kgl-batch-plan get files-uri "$plan")/"

# What is known of the job is here before it is there; the folder appears whole.
record=$KGL_ROOT/$(kgl-batch-plan get folder "$plan")
mkdir "$scratch/record"
cp "$plan" "$scratch/job.json" "$scratch/record/"
cp -r "$scratch/record" "$arrays/.$id"
mv "$arrays/.$id" "$record"
code=0
ask "submit $id" batch jobs submit "$id" --location "$place" --config "$scratch/job.json" >/dev/null 2>"$scratch/refused" || code=$?
if [ "$code" -ne 0 ]; then
  # An answer may have been lost on the way: whether the job is there decides.
  asked=0
  ask_quietly "ask for $id" batch jobs describe "$id" --location "$place" --format=json >"$scratch/found.json" 2>"$scratch/asked" || asked=$?
  if [ "$asked" -ne 0 ] || ! kgl-batch-plan same "$plan" "$scratch/found.json"; then
    cat "$scratch/refused" >&2
    # Where it cannot be told, the record stays, so that it can be asked for later. Refused in
    # words twice is told.
    if [ "$asked" -le 1 ] || [ "$code$asked" = 22 ]; then
      rm -r "$record"
    else
      cat "$scratch/asked" >&2
      say "whether it was submitted cannot be told now: make gcp-status competition=$slug"
    fi
    exit "$code"
  fi
fi
say "submitted: make gcp-status competition=$slug shows how it goes, make gcp-pull competition=$slug fetches what is done"
printf '%s\n' "$id"
