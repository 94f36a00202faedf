#!/usr/bin/env bash
# Summary: the remote toolchain: what a host needs to run what is synced to it.
# Usage:   install-codex-remote.sh HOST ROOT
#
#   ROOT  the project's folder there, absolute: /workspace/kaggle
#
# Step by step, each one skipped where it is done already, so that a run that was cut
# goes on where it was: rsync, tmux and certificates (as root on Debian; else it says
# what is missing), ROOT, and kgl's tools in ROOT/target/release, by digest and by
# rename. The tools built here are brought along. Where they do not run there (another
# libc), those of target/x86_64-unknown-linux-musl/release are, which run on any Linux:
#
#   rustup target add x86_64-unknown-linux-musl
#   cargo build --release --bins --target x86_64-unknown-linux-musl
#
# Exit 2 when something is missing that this may not install, 3 when the host fails.

# shellcheck disable=SC2016  # what stands in single quotes is for the shell there

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
[ $# -eq 2 ] || die 2 "give HOST and ROOT (see --help)"
host=$1 root=${2%/}
case $host in -* | '') die 2 "\`$host\` is no name of a host" ;; esac
case $root in /*) ;; *) die 2 "ROOT is \`$2\`: give a folder from the root, as /workspace/kaggle" ;; esac
need ssh "apt-get install -y openssh-client"
need rsync "apt-get install -y rsync"
rsh=(ssh -T -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3)

# there SCRIPT [ARGS...]: a script of sh on the host, with these as $1, $2, ...
there() {
  local word line="sh -c"
  for word in "$1" sh "${@:2}"; do line+=" $(quoted "$word")"; done
  "${rsh[@]}" -- "$host" "$line" </dev/null
}

# step WHAT COMMAND...: says what fails, with the way on.
step() {
  local what=$1 status=0
  shift
  "$@" || status=$?
  case $status in
    0) say "$host: $what" ;;
    2) exit 2 ;;
    *) die 3 "$host: $what: failed ($status); the same command goes on from here" ;;
  esac
}

programs='
missing=
for program in rsync tmux; do command -v "$program" >/dev/null 2>&1 || missing="$missing $program"; done
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } >/tmp/kgl-apt.log 2>&1 && exit 0
  tail -n 2 /tmp/kgl-apt.log >&2
fi
# Certificates are for programs that fetch; without them everything else works.
[ "$missing" = " ca-certificates" ] && exit 0
echo "missing there, and not to be installed by this user:$missing" >&2
exit 2
'

# tools FOLDER: the tools built there, by name.
tools() {
  find "$1" -maxdepth 1 -type f -perm -100 \( -name 'kgl-*' -o -name rna3d \) ! -name '*.*' -printf '%f\0' | sort -z
}

# bring FOLDER: its tools to the host, and whether they run there.
bring() {
  tools "$1" | rsync -pt -s --checksum --partial-dir=.kgl-partial --from0 --files-from=- --rsh="${rsh[*]}" \
    -- "$1/" "$host:$root/target/release/" || return 3
  there 'cd -- "$1/target/release" && for tool in kgl-*; do "./$tool" --version >/dev/null || exit 9; done' "$root"
}

bring_tools() {
  local status=0 static=$KGL_ROOT/target/x86_64-unknown-linux-musl/release
  [ -x "$KGL_ROOT/target/release/kgl-run" ] || die 2 "nothing was built here: run \`make build\`"
  bring "$KGL_ROOT/target/release" || status=$?
  [ "$status" -eq 9 ] || return "$status"
  [ -x "$static/kgl-run" ] || die 2 "$host: tools built here do not run there; build them so that they run on any Linux (see --help)"
  bring "$static"
}

step "rsync and tmux are there" there "$programs"
step "$root is there" there 'mkdir -p -- "$1/target/release"' "$root"
step "kgl's tools run there" bring_tools
say "next: make sync, then make train, for a competition whose remote is $host"
