#!/usr/bin/env bash
# Summary: all that Kaggle and the data tell of a competition, saved in its folder.
# Usage:   inspect-competition.sh SLUG [OPTION...]
#
# OPTIONs go to kgl-inspect (--download brings the data). The inspection appears as
# competitions/SLUG/inspection.json; a summary is printed.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
[ $# -ge 1 ] || die 2 "say which competition (see --help)"
need kgl-inspect "run \`make build\`"

cd "$KGL_ROOT"
slug=$1
shift
exec kgl-inspect "$slug" --out "competitions/$slug/inspection.json" "$@"
