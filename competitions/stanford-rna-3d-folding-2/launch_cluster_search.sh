#!/usr/bin/env bash
# Summary: the whole search on the hosts of cluster_fleet_config.sh, and its merge here.
# Usage:   launch_cluster_search.sh [--go | --estimate | --dry-run] [ARGS...]
#          launch_cluster_search.sh --pull | --stop | --map [ARGS...] | --here | --fleet
#
#   (none)      measures the hosts and this machine, says what it would take, and goes if it pays
#   --go        says it as well, and goes in any case
#   --estimate  only says what it would take
#   --dry-run   prints every command and where it would run
#   --pull      fetches what is finished; --stop ends what runs on the hosts first
#   --map       which host has which shard; with --watch 2 again and again
#   --here      searches what is missing on this machine, and merges
#   --fleet     prints the fleet's document
#   ARGS        handed on to kgl-fleet: --lost-after, --slow-after, --give-up-after, …
#
# RNA_SEARCH, RNA_OUT and RNA_MERGED as in run_local_search.sh; RNA_CLUSTER_CONFIG is the
# configuration (default: cluster_fleet_config.sh here). Ended at any time, it goes on where it
# was when it is started again, here or on another machine.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
need kgl-fleet "run \`make build\`"
need kgl-shard-search "run \`make build\`"
need kgl-merge "run \`make build\`"
# shellcheck source=competitions/stanford-rna-3d-folding-2/cluster_fleet_config.sh
source "${RNA_CLUSTER_CONFIG:-$here/cluster_fleet_config.sh}"

cd "$KGL_ROOT"
verb=run options=()
case ${1-} in
  --go | --estimate | --dry-run) verb=run ;;
  --pull | --stop | --map | --here | --fleet) verb=${1#--} && shift ;;
esac
options=("$@")

# Without hosts nothing was ever started on one.
if [ ${#RNA_CLUSTER_HOSTS_ARR[@]} -eq 0 ] && [ "$verb" != here ]; then
  case $verb in pull | stop | map) say "no hosts in cluster_fleet_config.sh" && exit 0 ;; esac
  die 2 "no hosts: name them in RNA_CLUSTER_HOSTS_ARR, in cluster_fleet_config.sh"
fi

# The search as it is on this machine, pinned; beside it, under its digest, its shards.
work=${here#"$KGL_ROOT"/}
out=${RNA_OUT:-$work/outputs}
merged=${RNA_MERGED:-$out/sequence_nn_search_merged.json}
search=${RNA_SEARCH:-$work/search.json}
digest=$(kgl-shard-search --identity "$search")
mapfile -t args < <(search_args)
count=$RNA_CLUSTER_SHARDS
pinned=$out/searches/${digest:0:12}-of-$count.json
mkdir -p "$out/searches"
kgl-shard-search --pin --count "$count" --out "$pinned" "$search"
shards=$out/searches/${digest:0:12}-of-$count
mkdir -p "$shards"

merge() {
  kgl-merge --verbose --count "$count" --out "$merged" "$shards"
  say "merged: $merged"
}

if [ "$verb" = here ]; then
  RNA_SEARCH=$pinned RNA_SHARD_DIR=$shards "$here/run_sequence_nn_shard.sh" all "$count" "${RNA_WORKERS-}" --verbose "${args[@]}"
  merge
  exit
fi

# fleet: the document, from the configuration.
fleet() {
  local host hosts=() index
  for host in "${RNA_CLUSTER_HOSTS_ARR[@]}"; do hosts+=(--host "$host"); done
  for ((index = 0; index < count; index++)); do tmux_session_name "$index"; done |
    kgl-fleet describe --competition "${here##*/}" "${hosts[@]}" --sessions - \
      --project-dir "$REMOTE_PROJECT_DIR" --shard-dir "$REMOTE_SHARD_DIR" --search "$pinned" -- \
      env 'KGL_BIN={bin}' 'RNA_SEARCH={search}' 'RNA_SHARD_DIR={shard_dir}' \
      flock '{shard_dir}/.turn' ./run_sequence_nn_shard.sh '{index}' '{count}' '{workers}' "${args[@]}"
}

case $verb in
  fleet) fleet ;;
  run)
    case ${1-} in --estimate | --dry-run)
      fleet | exec kgl-fleet run --shards "$shards" "${options[@]}"
      exit
      ;;
    esac
    # While it is there, make's monitor, pull and stop mean the fleet.
    fleet >"$shards/.fleet.json"
    kgl-fleet run --shards "$shards" "${options[@]}" "$shards/.fleet.json"
    merge
    rm -f "$shards/.fleet.json"
    ;;
  *)
    fleet | kgl-fleet "$verb" --shards "$shards" "${options[@]}"
    [ "$verb" != stop ] || rm -f "$shards/.fleet.json"
    ;;
esac
