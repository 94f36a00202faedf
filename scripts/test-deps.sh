#!/usr/bin/env bash
# Summary: install what the tests need; where it may not, say what is missing.
# Usage:   test-deps.sh
#
# Idempotent. Only a root user on Debian installs anything; nobody else is asked
# for a password in the middle of a test. What stays missing is skipped by the
# tests that need it, and counted.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"

# Each line: the Debian package, and the test that what it brings is there.
wanted=$(
  cat <<'END'
bats|command -v bats
shellcheck|command -v shellcheck
tm-align|command -v TMscore
tmux|command -v tmux
valgrind|command -v valgrind
python3|command -v python3
python3-venv|python3 -c 'import ensurepip, venv'
openssh-client|command -v ssh
openssh-server|PATH=$PATH:/usr/sbin command -v sshd
rsync|command -v rsync
util-linux|command -v unshare
binutils|command -v readelf
libssl-dev|test -e /usr/include/openssl/ssl.h
pkg-config|command -v pkg-config
iproute2|PATH=$PATH:/sbin command -v ip
munge|PATH=$PATH:/usr/sbin command -v munged
slurm-wlm|PATH=$PATH:/usr/sbin command -v slurmctld && command -v sbatch
python3-biopython|python3 -c 'import Bio' || /usr/bin/python3 -c 'import Bio'
END
)

packages=()
while IFS='|' read -r package there; do
  bash -c "$there" >/dev/null 2>&1 || packages+=("$package")
done <<<"$wanted"

# Debian's packages, where we may.
packages_of_debian() {
  [ "${#packages[@]}" -gt 0 ] || return 0
  local log
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing for the tests: ${packages[*]}"
    log=$(mktemp)
    if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
      rm -f "$log"
      return 0
    fi
    say "apt-get failed, and said last:"
    tail -n 3 "$log" >&2
    rm -f "$log"
  fi
  say "missing for some tests: ${packages[*]}   (apt-get install -y ${packages[*]})"
}

# The real kaggle client, for the tests that lead it to a stand-in.
kaggle_client() {
  "$KGL_ROOT/scripts/install-kaggle-cli.sh" "$KGL_ROOT/target/kaggle" ||
    say "missing for some tests: the kaggle client (scripts/install-kaggle-cli.sh target/kaggle)"
}

packages_of_debian
kaggle_client
