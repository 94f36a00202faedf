#!/usr/bin/env bash
# Summary: a new competition: inspected, its data fetched, a project made of it.
# Usage:   new-competition.sh SLUG [NAME]
#
# NAME is for people; by default the competition's title. Running it again fetches
# what is missing and leaves every edited file alone. Exits as kgl-inspect does: where
# Kaggle does not allow something (the rules are not accepted), the project is made of
# what is known, and the exit code is 1.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
[ -n "${1-}" ] || die 2 "say which competition: its name in Kaggle's addresses (see --help)"
need kgl-inspect "run \`make build\`"
need kgl-scaffold "run \`make build\`"

cd "$KGL_ROOT"
inspection=competitions/$1/inspection.json
before=$(stat -c %Y%i "$inspection" 2>/dev/null || true)
code=0
scripts/inspect-competition.sh "$1" --download || code=$?
# Where nothing was learned there is nothing to make a project of.
[ "$(stat -c %Y%i "$inspection" 2>/dev/null || true)" != "$before" ] || exit "$code"
kgl-scaffold "$inspection" ${2:+--name "$2"} >/dev/null
exit "$code"
