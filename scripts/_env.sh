# shellcheck shell=bash
# Summary: what the scripts share: strict mode, the project's folder, its programs on PATH.
# Usage:   source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"

set -euo pipefail

KGL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export KGL_ROOT

# Programs built here come first; installed ones serve where nothing was built
# (a host that was only synced to, an array task that fetched its binary). Those that
# kgl-fleet brought by digest come before both: KGL_BIN is their folder.
export PATH="${KGL_BIN:+$KGL_BIN:}$KGL_ROOT/target/release:$PATH"

# say TEXT...: a line for people.
say() { printf '%s\n' "$*" >&2; }

# die CODE TEXT...: the reason, then the end. Codes as everywhere in kgl:
# 1 a proper no, 2 bad usage or input, 3 the outside world failed.
die() {
  local code=$1
  shift
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit "$code"
}

# need PROGRAM HINT...: end here, with the way to get it, where PROGRAM is missing.
need() {
  local program=$1
  shift
  command -v "$program" >/dev/null || die 2 "$program is missing: $*"
}

# quoted WORD: WORD as a POSIX shell on another machine reads it back (bash's own %q is bash's).
quoted() {
  printf "'%s'" "${1//\'/\'\\\'\'}"
}

# system_features: the cargo features whose system libraries are here. Without them the tools
# build all the same, and do the same in a slower way (ARCHITECTURE.md, kgl-remote).
system_features() {
  if pkg-config --exists openssl 2>/dev/null; then echo --features kgl-remote/libssh2; fi
}

# help_if_asked FIRST_ARGUMENT: the header comment of a script is its help.
help_if_asked() {
  case "${1-}" in
    -h | --help)
      awk 'NR == 1 || /^# shellcheck/ { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"
      exit 0
      ;;
  esac
}
