#!/usr/bin/env bash
# Summary: put the built binaries, their completions and man pages below a prefix.
# Usage:   install.sh PREFIX

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
prefix=${1:?PREFIX is missing}

# put SOURCE TARGET MODE: appears by rename, so a running program is not disturbed.
put() {
  mkdir -p "$(dirname "$2")"
  install -m "$3" "$1" "$2.new"
  mv "$2.new" "$2"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0
for binary in "$KGL_ROOT"/target/release/kgl-* "$KGL_ROOT"/target/release/rna3d; do
  if [ ! -f "$binary" ] || [ ! -x "$binary" ]; then continue; fi
  tool=${binary##*/}
  put "$binary" "$prefix/bin/$tool" 755
  for shell in bash zsh fish; do "$binary" --completions "$shell" >"$scratch/$shell"; done
  put "$scratch/bash" "$prefix/share/bash-completion/completions/$tool" 644
  put "$scratch/zsh" "$prefix/share/zsh/site-functions/_$tool" 644
  put "$scratch/fish" "$prefix/share/fish/vendor_completions.d/$tool.fish" 644
  "$binary" --man >"$scratch/man"
  put "$scratch/man" "$prefix/share/man/man1/$tool.1" 644
  count=$((count + 1))
done
[ "$count" -gt 0 ] || die 2 "nothing was built: run \`make build\`"
say "$count tools with completions and man pages below $prefix"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) say "add $prefix/bin to PATH to find them" ;;
esac
