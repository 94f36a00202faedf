# shellcheck shell=bash
# Summary: which hosts share a search, and where its files lie there: the fleet's one source.
# Usage:   source cluster_fleet_config.sh   (launch_cluster_search.sh does)
#
# A variable that is set already wins, and hosts may come as RNA_CLUSTER_HOSTS="gpu1 gpu2".

# Executed instead of sourced, it can only explain itself.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  source "$(dirname "$0")/../../scripts/_env.sh"
  help_if_asked --help
fi

# The hosts, as `ssh` knows them; NAME=N where only N threads are ours.
#   RNA_CLUSTER_HOSTS_ARR=(gpu1 gpu2=8 me@lab-7)
# shellcheck disable=SC2034  # launch_cluster_search.sh reads it
read -ra RNA_CLUSTER_HOSTS_ARR <<<"${RNA_CLUSTER_HOSTS-}"

# The project's folder on every host, and where shards appear there.
REMOTE_PROJECT_DIR=${REMOTE_PROJECT_DIR:-/workspace/kaggle}
REMOTE_SHARD_DIR=${REMOTE_SHARD_DIR:-$REMOTE_PROJECT_DIR/competitions/stanford-rna-3d-folding-2/outputs/searches}

# How many shards: many small ones, so that all hosts end together.
RNA_CLUSTER_SHARDS=${RNA_CLUSTER_SHARDS:-48}

# tmux_session_name INDEX: the session that shard INDEX runs in, wherever it runs.
tmux_session_name() {
  printf 'rna-nn-shard-%s\n' "$1"
}

# search_args: what every shard's kgl-shard-search is given besides, one a line.
search_args() {
  :
}
