#!/usr/bin/env bash
# Summary: one task of an array job: the shard that its index names, published once.
# Usage:   run_gcp_batch_task.sh [ARGS...]
#
#   ARGS  handed on to kgl-shard-search
#
# BATCH_TASK_INDEX (default 0), BATCH_TASK_COUNT (default 1), RNA_GCP_WORKERS (default 8).
# A job of kgl-batch-plan sets besides:
#
# KGL_JOB      folder with the job's search.json and its map of tasks to shards
# KGL_PUBLISH  where shards appear: a folder, or gs://BUCKET/FOLDER
# KGL_WORKERS  threads, where RNA_GCP_WORKERS is not set
#
# In a bucket a shard appears once and is never replaced: where one is already, a task that
# ran before this one was lost on its way to say so, and the work is done.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"

count=${BATCH_TASK_COUNT:-1}
if [ -n "${KGL_JOB-}" ]; then
  export RNA_SEARCH=$KGL_JOB/search.json
  # The tasks are as many as lines of the map; how many shards there are, the search says.
  count=
  set -- --map "$KGL_JOB/map" "$@"
fi
task=("$here/run_sequence_nn_shard.sh" "${BATCH_TASK_INDEX:-0}" "$count" "${RNA_GCP_WORKERS:-${KGL_WORKERS:-8}}" "$@")

case "${KGL_PUBLISH-}" in
  gs://*) ;;
  *)
    [ -z "${KGL_PUBLISH-}" ] || export RNA_SHARD_DIR=$KGL_PUBLISH
    exec "${task[@]}"
    ;;
esac

need gcloud "see https://cloud.google.com/sdk/docs/install"
RNA_SHARD_DIR=$(mktemp -d)
export RNA_SHARD_DIR
trap 'rm -rf "$RNA_SHARD_DIR"' EXIT
"${task[@]}"
for shard in "$RNA_SHARD_DIR"/*.json; do
  published=$KGL_PUBLISH/${shard##*/}
  if ! said=$(gcloud storage cp --if-generation-match=0 "$shard" "$published" 2>&1); then
    # Refused because it is there, or there although no answer came: either way it is.
    gcloud storage ls "$published" >/dev/null 2>&1 || { say "$said"; die 3 "${shard##*/} could not be published at $KGL_PUBLISH"; }
    say "${shard##*/} is published already"
  fi
done
