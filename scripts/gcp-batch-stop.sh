#!/usr/bin/env bash
# Summary: end an array job on GCP Batch, and see that it has ended.
# Usage:   gcp-batch-stop.sh SLUG [--job NAME]
#
# Shards that are published stay; `make gcp-pull` fetches them. Ended once more is no fault.
# Exit 1 when there is no job, 2 when something is to be changed first, 3 when Google cannot be
# asked or the job does not end.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
source "$KGL_ROOT/scripts/_gcp.sh"
help_if_asked "${1-}"
slug=${1:?SLUG is missing}
arrays=$KGL_ROOT/competitions/$slug/outputs/arrays
gcp_begin
the_job "${@:2}"

code=0
job_status "$job" none --quiet || code=$?
[ "$code" -ne 1 ] || die 1 "Batch knows no ${job##*/}: nothing is to be ended"
[ "$code" -eq 0 ] || exit "$code"
if kgl-batch-plan ended "$job/status.json"; then
  say "${job##*/} has ended already"
  exit 0
fi
id=${job##*/}
place=$(kgl-batch-plan get region "$job/plan.json")
ask "end $id" batch jobs cancel "$id" --location "$place" >/dev/null
for ((tries = 0; tries < ${KGL_STOP_TRIES:-60}; tries++)); do
  job_status "$job" none --quiet
  if kgl-batch-plan ended "$job/status.json"; then
    job_status "$job" usual
    say "$id has ended: no machine of it runs, and none is billed"
    exit 0
  fi
  sleep 2
done
die 3 "$id was told to end and has not: make gcp-status competition=$slug, or https://console.cloud.google.com/batch"
