#!/usr/bin/env bash
# Summary: what the fleet costs on top of its work: three hosts, so many seconds of work on each.
# Usage:   bench-fleet.sh [SECONDS [SHARDS]]
#
#   SECONDS  work on each host       (default: 60)
#   SHARDS   that hosts search       (default: 48)
#
# The hosts are tests/fleet/up's, new, with nothing of the project on them. A shard is searched
# for real and then held until its share of the work is over, so three hosts that lose no moment
# take SECONDS. What launch_cluster_search.sh --go takes longer than that, from its first line to
# its merged document, is the overhead; every line that it says is printed with its time. The
# hosts share this machine's cores: on a busy one it says more about the others.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
seconds=${1:-60} shards=${2:-48} slug=stanford-rna-3d-folding-2
share=$((seconds * 3 * 1000000 / shards))
for program in rna3d kgl-fleet kgl-shard-search; do need "$program" "run \`make build\`"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rna=$work/competitions/$slug
mkdir -p "$rna"
cp -r "$KGL_ROOT/scripts" "$work/"
find "$KGL_ROOT/competitions/$slug" -maxdepth 1 -type f -exec cp -t "$rna" {} +
ln -s "$KGL_ROOT/target" "$work/target"
rna3d generate "$rna/data" --train 300 --test 6 --longest 300 --quiet
mv "$rna/run_sequence_nn_shard.sh" "$rna/real.sh"
cat >"$rna/run_sequence_nn_shard.sh" <<END
#!/usr/bin/env bash
set -e
begun=\${EPOCHREALTIME/./}
to=\$RNA_SHARD_DIR
mkdir -p "\$to/.held"
RNA_SHARD_DIR=\$to/.held "\${0%/*}/real.sh" "\$@"
left=\$(($share - (\${EPOCHREALTIME/./} - begun)))
[ "\$left" -le 0 ] || sleep "\$((left / 1000000)).\$(printf %06d "\$((left % 1000000))")"
mv "\$to"/.held/*.json "\$to/"
END
chmod +x "$rna/run_sequence_nn_shard.sh"

cd "$work"
export rna seconds RNA_CLUSTER_HOSTS="host1 host2 host3"
# One more is searched here, by the estimate.
export RNA_CLUSTER_SHARDS=$((shards + 1))
# shellcheck disable=SC2016 # for the shell beside the hosts
"$KGL_ROOT/tests/fleet/up" -- bash -euo pipefail -c '
  begun=${EPOCHREALTIME/./}
  since() { local us=$((${EPOCHREALTIME/./} - begun)); printf "%d.%02d" $((us / 1000000)) $((us % 1000000 / 10000)); }
  "$rna/launch_cluster_search.sh" --go --verbose 2>&1 | while IFS= read -r line; do printf "%7s  %s\n" "$(since)" "$line"; done
  took=$(since)
  printf "%s s for %s s of work on each of three hosts: %s s overhead\n" "$took" "$seconds" "$(awk "BEGIN { printf \"%.1f\", $took - $seconds }")"'
