#!/usr/bin/env bash
# Summary: what Kaggle runs: static programs as a dataset, a notebook that uses them.
# Usage:   deploy.sh [ARGS...]
#
#   ARGS  handed on to kgl-submit deploy
#
# The notebook runs without the internet; it is followed to its end, and its output
# is fetched and checked. The way to submit it is told then.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
need kgl-submit "run \`make build\`"

files=$here/outputs/deploy/files
rm -rf "$files"
"$KGL_ROOT/scripts/static-binaries.sh" "$files" kgl-shard-search kgl-merge rna3d
cp "$here/search.json" "$files/"
kgl-submit deploy --challenge "$here/challenge.json" --files "$files" --notebook "$here/notebook.py" "$@"
