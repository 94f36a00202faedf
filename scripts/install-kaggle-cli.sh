#!/usr/bin/env bash
# Summary: the official kaggle program, pinned, in an environment of its own.
# Usage:   install-kaggle-cli.sh [FOLDER]
#
# FOLDER is where the tools look for it: $XDG_DATA_HOME/kgl/kaggle, by default
# ~/.local/share/kgl/kaggle. Idempotent; nothing else on the machine changes.
# Needs python3 3.11 or newer with its venv module, and PyPI or a mirror that
# pip knows. Exit 2 when Python is not there, 3 when the packages cannot be had.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"

folder=${1:-${XDG_DATA_HOME:-$HOME/.local/share}/kgl/kaggle}
pins=$KGL_ROOT/scripts/kaggle-cli.txt
# A copy of the pins is put there last: where it is, the environment is whole.
ready=$folder/kgl-pins.txt

if cmp -s "$pins" "$ready" && "$folder/bin/kaggle" --version >/dev/null 2>&1; then
  say "$("$folder/bin/kaggle" --version) is in $folder"
  exit 0
fi
need python3 "apt-get install -y python3 python3-venv"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  die 2 "$(python3 --version) is too old for the client: it needs 3.11 or newer"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
  die 2 "python3 has no venv module: apt-get install -y python3-venv"

if [ -e "$folder" ] && [ ! -e "$folder/pyvenv.cfg" ] && [ -n "$(ls -A "$folder")" ]; then
  die 2 "$folder holds something else: name another folder"
fi
mkdir -p "$(dirname "$folder")"
rm -rf "$folder"
mapfile -t packages < <(awk '!/^#/ { print $1 }' "$pins")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# In a subshell that `if` tests, strict mode is off: hence the chain.
if ! {
  python3 -m venv "$folder" &&
    "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$pins" &&
    # six is imported by the client and not declared. What is pinned stays as it is.
    "$folder/bin/pip" install --quiet --disable-pip-version-check six "${packages[@]}" &&
    "$folder/bin/kaggle" --version
} >"$log" 2>&1; then
  rm -rf "$folder"
  tail -n 3 "$log" >&2
  die 3 "the client could not be installed: is PyPI reachable? (pip config list; then make kaggle-install again)"
fi
cp "$pins" "$ready"
say "$("$folder/bin/kaggle" --version) is in $folder"
