#!/usr/bin/env bash
# Summary: one task of an array job: the shard that its index names.
# Usage:   run_gcp_batch_task.sh [ARGS...]
#
#   ARGS  handed on to kgl-shard-search
#
# BATCH_TASK_INDEX (default 0), BATCH_TASK_COUNT (default 1), RNA_GCP_WORKERS (default 8)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"

exec "$here/run_sequence_nn_shard.sh" \
  "${BATCH_TASK_INDEX:-0}" "${BATCH_TASK_COUNT:-1}" "${RNA_GCP_WORKERS:-8}" "$@"
