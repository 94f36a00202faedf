#!/usr/bin/env bash
# Summary: search one shard; laptop, fleet and array jobs all run this one.
# Usage:   run_sequence_nn_shard.sh INDEX [COUNT [WORKERS [ARGS...]]]
#
#   INDEX    which shard, from 0; several as 0-3,7, or all
#   COUNT    how many shards there are       (default: what the search says)
#   WORKERS  threads                         (default: one for each core)
#   ARGS     handed on to kgl-shard-search
#
# RNA_SEARCH     the search document         (default: search.json here)
# RNA_SHARD_DIR  the folder shards appear in (default: outputs/shards here)
#
# A shard that is there already is kept; running this twice is safe.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"

[ $# -ge 1 ] || die 2 "INDEX is missing (see --help)"
need kgl-shard-search "run \`make build\`"
index=$1 count=${2-} workers=${3-}
shift $(($# < 3 ? $# : 3))

exec kgl-shard-search "$index" "${RNA_SEARCH:-$here/search.json}" \
  --out-dir "${RNA_SHARD_DIR:-$here/outputs/shards}" \
  ${count:+--count "$count"} ${workers:+--workers "$workers"} "$@"
