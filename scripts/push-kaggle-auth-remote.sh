#!/usr/bin/env bash
# Summary: bring this machine's Kaggle credentials to a host.
# Usage:   push-kaggle-auth-remote.sh HOST
#
# Takes ~/.kaggle/access_token, else ~/.kaggle/kaggle.json, and puts it there under
# the same name, readable by its owner alone. The secret travels on ssh's stdin: no
# argv and no log holds it. Running it twice is safe; what is there already is kept
# when it is the same, and set aside as NAME.before when it is not.
#
# Exit 2 when there is nothing to bring, 3 when the host cannot be reached.

# shellcheck disable=SC2016  # what stands in single quotes is for the shell there

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
[ $# -eq 1 ] || die 2 "give one HOST (see --help)"
host=$1
case $host in -* | '') die 2 "\`$host\` is no name of a host" ;; esac
need ssh "apt-get install -y openssh-client"

folder=${KAGGLE_CONFIG_DIR:-$HOME/.kaggle}
for name in access_token kaggle.json ''; do
  [ -n "$name" ] || die 2 "no access_token or kaggle.json in $folder: run \`make kaggle-auth\` first"
  [ ! -s "$folder/$name" ] || break
done
size=$(wc -c <"$folder/$name")

# Held in the shell there until it is known to be whole and new: a full disk is no
# obstacle to what is there already. Then written beside and renamed, so that a link
# that is cut leaves no half a secret; the size is compared, since ssh cannot tell a
# cut from an end.
remote='
umask 077
export LC_ALL=C
secret=$(cat && echo .) && secret=${secret%.} || exit 5
[ "${#secret}" -eq "$2" ] || exit 5
mkdir -p "$HOME/.kaggle" && chmod 700 "$HOME/.kaggle" && cd "$HOME/.kaggle" || exit 4
if printf %s "$secret" | cmp -s - "$1"; then
  chmod 600 "$1" && echo "is there already"
  exit
fi
trap "rm -f .new-$$" EXIT
printf %s "$secret" >".new-$$" || exit 4
if [ -e "$1" ]; then mv "$1" "$1.before" || exit 4; fi
mv ".new-$$" "$1" && echo "is there now"
'
status=0
answer=$(ssh -T -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -- "$host" \
  "sh -c $(quoted "$remote") sh $(quoted "$name") $size" <"$folder/$name") || status=$?
case $status in
  0) say "$host: $name $answer" ;;
  4) die 3 "$host: cannot write ~/.kaggle there; what was there is as it was" ;;
  5) die 3 "$host: $name arrived cut short, and was not taken; run this again" ;;
  255) die 3 "$host cannot be reached: \`ssh $host\` must work without a password" ;;
  *) die 3 "$host: putting $name there ended with $status" ;;
esac
