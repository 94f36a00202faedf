//! What every host is asked: one shell script, which writes a line for each fact, `name TAB
//! value`, and leaves out what it cannot tell.

use kgl_ssh::remote_command;

/// The script. `$1` is the project's folder, or empty; `$2` how many runs of each competition.
///
/// Only what POSIX has, `stat -c` (GNU and busybox), and /proc. A run's documents are single lines
/// (canonical JSON). Processes are told by their start, not by their id alone.
pub(crate) const SCRIPT: &str = r#"
root=$1 newest=$2
export LC_ALL=C
say() { printf '%s\t%s\n' "$1" "$2"; }
say clock "$(date +%s.%N)"
say boot "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
read -r up rest 2>/dev/null </proc/uptime && say up "$up"
read -r load rest 2>/dev/null </proc/loadavg && say load "$load"
say cores "$(nproc 2>/dev/null)"
while read -r key value unit; do
  case $key in MemTotal: | MemAvailable:) say "$key" "$value" ;; esac
done 2>/dev/null </proc/meminfo
place=$root
while [ -n "$place" ] && [ ! -d "$place" ]; do place=${place%/*}; done
say disk "$(df -Pk -- "${place:-/}" 2>/dev/null | tail -n 1)"
if command -v nvidia-smi >/dev/null 2>&1; then
  limit=$(command -v timeout >/dev/null 2>&1 && echo timeout 2)
  query=index,name,utilization.gpu,memory.total,memory.used,temperature.gpu
  if gpus=$($limit nvidia-smi --query-gpu=$query --format=csv,noheader,nounits 2>/dev/null); then
    say gpus "$(printf '%s\n' "$gpus" | grep -c ,)"
    printf '%s\n' "$gpus" | while IFS= read -r line; do say gpu "$line"; done
  fi
fi
if [ -n "$root" ] && cd -- "$root" 2>/dev/null; then
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    case $line in *"(kgl-run"*) ;; *) continue ;; esac
    pid=${line%% *}
    set -- ${line##*) }
    say wrapper "$pid ${20}"
  done
  for folder in competitions/*/outputs/runs; do
    ls -r "$folder" 2>/dev/null | head -n "$newest" | while IFS= read -r id; do
      [ -f "$folder/$id/run.json" ] || continue
      say run "$(cat "$folder/$id/run.json")"
      [ ! -f "$folder/$id/run.rc" ] || say rc "$(cat "$folder/$id/run.rc")"
      say log "$(stat -c '%s %Y' "$folder/$id/run.log" 2>/dev/null)"
    done
  done
fi
say clock "$(date +%s.%N)"
"#;

/// The command that reads the script from stdin.
pub(crate) fn command(root: Option<&str>, runs: u32) -> String {
    remote_command(&["sh", "-s", "--", root.unwrap_or(""), &runs.to_string()])
}
