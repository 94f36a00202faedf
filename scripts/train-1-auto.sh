#!/usr/bin/env bash
# Summary: one training run, unattended: train-1 where the challenge says, pull, predict, stop.
# Usage:   train-1-auto.sh SLUG
#
# Where the training is running already it is followed, so that this can be started again
# after this machine went down. Predicting happens here, on what was pulled. When this is
# ended early, so is the training.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
slug=${1:?SLUG is missing}
cd "$KGL_ROOT"
need kgl-run "run \`make build\`"

# run VERB [OPTIONS]: kgl-run on the competition; its documents are not wanted here.
run() { kgl-run --competition "$slug" "$@" >/dev/null; }

finish() {
  local status=$?
  [ "$status" -eq 0 ] || say "train-1-auto: ended early ($status); \`make why competition=$slug\` says why"
  run stop --verb train-1 || status=3
  exit "$status"
}
trap finish EXIT

run train-1 --attach
run pull
run predict --where local
