#!/usr/bin/env bash
# Summary: what this machine has and lacks for kgl, with the command that installs it.
# Usage:   doctor.sh
#
# Exit 0 when what building needs is there, 1 when it is not.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"

missing=0

# look NEED WHAT_FOR INSTALL TEST...: one line a thing; NEED is needed or useful.
look() {
  local need=$1 what=$2 install=$3
  shift 3
  if "$@" >/dev/null 2>&1; then
    printf '  ok       %s\n' "$what"
  else
    printf '  %-8s %s\n           install: %s\n' "$([ "$need" = needed ] && echo MISSING || echo absent)" "$what" "$install"
    [ "$need" != needed ] || missing=1
  fi
}

apt() { printf 'apt-get install -y %s' "$*"; }
rustup="curl https://sh.rustup.rs -sSf | sh   (https://rustup.rs)"

echo "To build and run:"
look needed "cargo, the Rust build tool" "$rustup" cargo --version
look needed "a C compiler, which Rust links with" "$(apt gcc libc6-dev)" cc --version
look needed "git" "$(apt git)" git --version
look needed "make" "$(apt make)" make --version
echo "To test:"
look useful "cargo fmt" "rustup component add rustfmt" cargo fmt --version
look useful "cargo clippy" "rustup component add clippy" cargo clippy --version
look useful "cargo nextest, a faster test runner" "cargo install --locked cargo-nextest" cargo nextest --version
look useful "bats, for whole pipelines" "$(apt bats)" bats --version
look useful "sshd and ip, for tests beside real hosts" "$(apt openssh-server iproute2)" env "PATH=$PATH:/usr/sbin:/sbin" sh -c "command -v sshd && command -v ip"
look useful "shellcheck" "$(apt shellcheck)" shellcheck --version
look useful "TMscore, the oracle of the score" "$(apt tm-align)" command -v TMscore
look useful "Biopython, an oracle of alignments" "$(apt python3-biopython)" sh -c "python3 -c 'import Bio' || /usr/bin/python3 -c 'import Bio'"
echo "To use:"
look useful "the kaggle client" "make kaggle-install" test -x "${XDG_DATA_HOME:-$HOME/.local/share}/kgl/kaggle/bin/kaggle"
look useful "gcloud, for array jobs on GCP Batch" "make gcp-install" command -v gcloud
look useful "tmux" "$(apt tmux)" command -v tmux
look useful "rsync" "$(apt rsync)" command -v rsync
look useful "OpenSSL's library, to ask many hosts faster" "$(apt libssl-dev pkg-config)" pkg-config --exists openssl
look useful "ssh" "$(apt openssh-client)" command -v ssh
exit "$missing"
