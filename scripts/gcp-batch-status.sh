#!/usr/bin/env bash
# Summary: how an array job on GCP Batch stands: states, counts, what happened, what it costs.
# Usage:   gcp-batch-status.sh SLUG [--job NAME] [--all] [--json] [--watch]
#
#   --job    another job than the newest
#   --all    ask about every task; of more than 1,000 only those that failed are asked about
#            otherwise, since 100,000 take minutes
#   --json   the kgl.array-status/1 on stdout, and nothing for people
#   --watch  again and again, until it has ended
#
# Exit 1 when there is no job, 2 when something is to be changed first, 3 when Google cannot be
# asked.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
source "$KGL_ROOT/scripts/_arrays.sh"
source "$KGL_ROOT/scripts/_gcp.sh"
help_if_asked "${1-}"
slug=${1:?SLUG is missing}
shift
arrays=$KGL_ROOT/competitions/$slug/outputs/arrays
named=() which=usual json=no watch=no
while [ $# -gt 0 ]; do
  case $1 in
    --job) named=(--job "${2:?NAME is missing}") && shift ;;
    --all) which=all ;;
    --json) json=yes ;;
    --watch) watch=yes ;;
    *) die 2 "unknown argument $1 (see --help)" ;;
  esac
  shift
done
gcp_begin
the_job "${named[@]}"

options=() previous=$scratch/previous.json
[ "$json" = no ] || options=(--quiet)
while true; do
  code=0
  job_status "$job" "$which" "${options[@]}" || code=$?
  [ "$code" -ne 1 ] || die 1 "Batch knows no ${job##*/}: it was removed, or never taken (make gcp-submit competition=$slug)"
  [ "$code" -eq 0 ] || exit "$code"
  if [ "$watch" = no ] || kgl-batch-plan ended "$job/status.json"; then break; fi
  cp "$job/status.json" "$previous"
  sleep "${KGL_WATCH_S:-10}"
  # On a terminal one page takes the place of the other; elsewhere only news is written.
  if [ -t 2 ] && [ "$json" = no ]; then
    printf '\033[H\033[J' >&2
  elif [ "$json" = no ]; then
    options=(--since "$previous")
  fi
done
[ "$json" = no ] || cat "$job/status.json"
