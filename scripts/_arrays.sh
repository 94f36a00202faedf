# shellcheck shell=bash
# Summary: what the scripts of array jobs share: where documents and shards of a search lie here.
# Usage:   source "$(dirname "${BASH_SOURCE[0]}")/_arrays.sh"     after _env.sh

# array_search SLUG: sets slug, folder, search, arrays and identity of a competition's search.
array_search() {
  slug=${1:?SLUG is missing}
  for program in kgl-batch-plan kgl-shard-search kgl-merge; do need "$program" "run \`make build\`"; done
  folder=$KGL_ROOT/competitions/$slug
  search=${RNA_SEARCH:-$folder/search.json}
  [ -e "$search" ] || die 2 "$search is not there: only a search can be an array job"
  arrays=$folder/outputs/arrays
  mkdir -p "$arrays"
  # shellcheck disable=SC2034 # read by the scripts that source this
  identity=$(kgl-shard-search --identity "$search")
}

# shards_here: the folder of this search's shards, if there is one. It is named by search and
# count: with one there, its count is kept, whichever engine the shards come from.
shards_here() {
  find "$arrays" -maxdepth 1 -type d -name "${identity:0:12}-*" | sort | head -n 1
}
