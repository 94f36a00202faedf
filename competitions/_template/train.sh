#!/usr/bin/env bash
# Summary: learn the baseline's values from the training table.
# Usage:   train.sh
#
# Replace this by a model of your own; challenge.json names what `make train` runs.
# What it learned appears as outputs/model.json.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../scripts/_env.sh"
help_if_asked "${1-}"
need kgl-baseline "run \`make build\`"

[ -e "$here/baseline.json" ] ||
  die 2 "there is no sample submission yet: make competition-new competition=${here##*/} once its data is there"
kgl-baseline train "$here/baseline.json" --out "$here/outputs/model.json"
say "next: make predict competition=${here##*/}"
