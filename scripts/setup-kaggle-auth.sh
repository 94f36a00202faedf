#!/usr/bin/env bash
# Summary: store Kaggle credentials on this machine, after Kaggle accepted them.
# Usage:   setup-kaggle-auth.sh local [FILE | -]
#
#   FILE  a token, or a kaggle.json, as https://www.kaggle.com/settings/api gives them
#   -     the same on stdin
#         without either: KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY, of the environment
#
# A token becomes ~/.kaggle/access_token, a kaggle.json ~/.kaggle/kaggle.json, readable
# by you alone, by rename; what was there stays beside it as .old. Kaggle is asked first:
# what it does not accept is not stored. No credential is ever an argument or printed.
# Exit 2 when there is none or it is refused, 3 when Kaggle cannot be asked.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
[ "${1-}" = local ] || die 2 "say where: setup-kaggle-auth.sh local (see --help)"

client=${KGL_KAGGLE:-${XDG_DATA_HOME:-$HOME/.local/share}/kgl/kaggle/bin/kaggle}
python=${client%/*}/python
[ -x "$python" ] || die 2 "the kaggle client is not there: make kaggle-install"

umask 077
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
new=$scratch/new

# The credential, in a file that nobody else can read.
case "${2-}" in
  '')
    if [ -n "${KAGGLE_API_TOKEN-}" ]; then
      # The client takes a value or the name of a file, and so do we.
      if [ -e "$KAGGLE_API_TOKEN" ]; then cat "$KAGGLE_API_TOKEN"; else printf '%s\n' "$KAGGLE_API_TOKEN"; fi >"$new"
    elif [ -n "${KAGGLE_USERNAME-}" ] && [ -n "${KAGGLE_KEY-}" ]; then
      printf '{"username":"%s","key":"%s"}\n' "$KAGGLE_USERNAME" "$KAGGLE_KEY" >"$new"
    elif [ -t 0 ]; then
      die 2 "no credentials: name a file, pipe them in with -, or set KAGGLE_API_TOKEN (a token is made at https://www.kaggle.com/settings/api)"
    else
      cat >"$new"
    fi
    ;;
  -) cat >"$new" ;;
  *)
    [ -f "$2" ] || die 2 "there is no such file: name one that holds a token or a kaggle.json"
    cat "$2" >"$new"
    ;;
esac
[ -s "$new" ] || die 2 "no credentials: what was given is empty"

# A kaggle.json is JSON, a token is one word.
case "$(head -c 1 "$new")" in
  '{') name=kaggle.json ;;
  *)
    name=access_token
    [ "$(wc -w <"$new")" -eq 1 ] || die 2 "this is neither a token nor a kaggle.json"
    ;;
esac

# Asked with a home that holds this credential alone, so that no other answers for it.
mkdir -p "$scratch/home/.kaggle"
cp "$new" "$scratch/home/.kaggle/$name"
if ! user=$(env -u KAGGLE_API_TOKEN -u KAGGLE_USERNAME -u KAGGLE_KEY -u KAGGLE_CONFIG_DIR -u VERBOSE \
  HOME="$scratch/home" "$python" -P "$KGL_ROOT/crates/kgl-kaggle/src/bridge.py" whoami 2>"$scratch/why"); then
  code=3
  if grep -qi 'credentials\|accepted\|unauth' "$scratch/why"; then code=2; fi
  # What Kaggle said may quote an address with a signature: only its beginning is shown.
  die "$code" "not stored, Kaggle says: $(head -n 1 "$scratch/why" | cut -d '?' -f 1 | cut -c 1-200)"
fi

folder=$HOME/.kaggle
mkdir -p "$folder"
chmod 700 "$folder"
target=$folder/$name
if [ -e "$target" ] && ! cmp -s "$new" "$target"; then
  cp -p "$target" "$target.old"
  chmod 600 "$target.old"
  say "what was there is now $target.old"
fi
cp "$new" "$target.new"
chmod 600 "$target.new"
mv "$target.new" "$target"
say "stored for $user in $target"
if [ "$name" = kaggle.json ] && [ -e "$folder/access_token" ]; then
  say "warning: $folder/access_token goes before it; take that away if it is older"
fi
