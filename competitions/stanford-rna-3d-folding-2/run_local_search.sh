#!/usr/bin/env bash
# Summary: the whole search on this machine: what is missing, then the merge.
# Usage:   run_local_search.sh
#
# RNA_SEARCH  the search document       (default: search.json here)
# RNA_OUT     where documents appear    (default: outputs here)
# RNA_MERGED  the merged document       (default: $RNA_OUT/sequence_nn_search_merged.json)
#
# Shards lie in a folder named after the search's digest, so another search or
# other data never meets old shards. Stopped and started again, it goes on.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
need kgl-shard-search "run \`make build\`"
need kgl-merge "run \`make build\`"

search=${RNA_SEARCH:-$here/search.json}
out=${RNA_OUT:-$here/outputs}
merged=${RNA_MERGED:-$out/sequence_nn_search_merged.json}

digest=$(kgl-shard-search --identity "$search")
export RNA_SEARCH=$search RNA_SHARD_DIR=$out/searches/${digest:0:12}

# One process for all shards, so the inputs are read once; those that are there are kept.
"$here/run_sequence_nn_shard.sh" all "" "${RNA_WORKERS-}" --verbose
kgl-merge --verbose --out "$merged" "$RNA_SHARD_DIR"
say "merged: $merged"
