#!/usr/bin/env bash
# Summary: the official gcloud program, where it is not there.
# Usage:   install-gcloud-cli.sh [FOLDER]
#
# FOLDER is where it is put: by default ~/.local/share/kgl, which then holds google-cloud-sdk; a
# link to gcloud appears in ~/.local/bin. Idempotent. Nothing else on the machine changes, and
# nobody is logged in: that is `gcloud auth login`.
# KGL_GCLOUD_VERSION (default 528.0.0) and KGL_GCLOUD_URL name another one. The archive is had
# from Google by https, which is what vouches for it.
# Exit 2 when a program that this needs is not there, 3 when the archive cannot be had.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"

data=${1:-${XDG_DATA_HOME:-$HOME/.local/share}/kgl}
version=${KGL_GCLOUD_VERSION:-528.0.0}
url=${KGL_GCLOUD_URL:-https://dl.google.com/dl/cloudsdk/channels/rapid/downloads/google-cloud-cli-$version-linux-x86_64.tar.gz}
links=$HOME/.local/bin

if command -v gcloud >/dev/null; then
  say "$(gcloud --version 2>/dev/null | head -n 1) is there: $(command -v gcloud)"
  exit 0
fi
if ! "$data/google-cloud-sdk/bin/gcloud" --version >/dev/null 2>&1; then
  need curl "apt-get install -y curl"
  need tar "apt-get install -y tar"
  need python3 "apt-get install -y python3"
  mkdir -p "$data"
  # Unpacked beside its place, so that half of it is never taken for the whole.
  scratch=$(mktemp -d "$data/.gcloud.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  curl --fail --silent --show-error --location --output "$scratch/archive" "$url" ||
    die 3 "$url cannot be had: is there a network? (make gcp-install again, or KGL_GCLOUD_URL=URL)"
  tar -xzf "$scratch/archive" -C "$scratch" || die 3 "what came from $url is no archive: make gcp-install again"
  "$scratch/google-cloud-sdk/bin/gcloud" --version >/dev/null || die 3 "gcloud does not start here: the above is why"
  rm -rf "$data/google-cloud-sdk"
  mv "$scratch/google-cloud-sdk" "$data/google-cloud-sdk"
fi
mkdir -p "$links"
ln -sfn "$data/google-cloud-sdk/bin/gcloud" "$links/gcloud"
say "$("$data/google-cloud-sdk/bin/gcloud" --version | head -n 1) is in $data/google-cloud-sdk, and $links/gcloud leads to it"
case ":$PATH:" in *":$links:"*) ;; *) say "add $links to PATH" ;; esac
say "next: gcloud auth login, gcloud config set project ID, make gcp-setup"
