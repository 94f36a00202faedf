# shellcheck shell=bash
# Summary: what the scripts of Google Cloud share: project, region, bucket, and how gcloud is asked.
# Usage:   source "$(dirname "${BASH_SOURCE[0]}")/_gcp.sh"     after _env.sh
#
# CLOUDSDK_CORE_PROJECT    the project                (default: gcloud's)
# CLOUDSDK_BATCH_LOCATION  the region                 (default: gcloud's, else us-central1)
# KGL_GCP_BUCKET           the bucket                 (default: PROJECT-kgl)

# gcp_begin: project, region, bucket and a scratch folder that goes when the script ends.
gcp_begin() {
  need gcloud "make gcp-install"
  need kgl-batch-plan "run \`make build\`"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  # No question is asked in the middle of a script.
  export CLOUDSDK_CORE_DISABLE_PROMPTS=1
  project=${CLOUDSDK_CORE_PROJECT:-$(gcloud config get-value project 2>/dev/null || true)}
  [ -n "$project" ] || die 2 "no project of Google Cloud is set: gcloud config set project ID"
  region=${CLOUDSDK_BATCH_LOCATION:-$(gcloud config get-value batch/location 2>/dev/null || true)}
  export CLOUDSDK_CORE_PROJECT=$project CLOUDSDK_BATCH_LOCATION=${region:-us-central1}
  # shellcheck disable=SC2034 # read by the scripts that source this
  bucket=${KGL_GCP_BUCKET:-$project-kgl}
}

# ask WHAT ARGS...: gcloud's answer. Where it refuses, that is told in words, and the exit code is
# 1 where there is no such thing, 2 where something here is to be changed, 3 where it may work later.
ask() {
  local what=$1
  shift
  gcloud "$@" 2>"$scratch/said" || kgl-batch-plan refusal --what "$what" "$scratch/said"
}

# ask_quietly ARGS...: the same, but what is absent is not worth a word.
ask_quietly() {
  local code=0
  ask "$@" 2>"$scratch/words" || code=$?
  [ "$code" -le 1 ] || cat "$scratch/words" >&2
  return "$code"
}

# newest_job: the newest job of this competition that was submitted from here; needs $arrays.
newest_job() {
  # shellcheck disable=SC2154
  find "$arrays" -mindepth 2 -maxdepth 2 -path '*/kgl-*/job.json' | sort | tail -n 1 | xargs -r dirname
}

# the_job [--job NAME]: sets job to the folder of the job that is meant, the newest where none is
# named; needs $arrays and $slug.
the_job() {
  mkdir -p "$arrays"
  case ${1-} in
    '') job=$(newest_job) ;;
    --job) job=$arrays/${2:?NAME is missing} ;;
    *) die 2 "unknown argument $1 (see --help)" ;;
  esac
  # shellcheck disable=SC2154
  [ -n "$job" ] || die 1 "no job was submitted from here: make gcp-submit competition=$slug"
  [ -e "$job/plan.json" ] || die 2 "there is no job ${job##*/} in $arrays"
}

# job_status JOB_FOLDER WHICH [ARGS...]: asks how it stands, tells it, and keeps the answer as
# status.json there. WHICH tasks are asked about one by one: none, usual (all, unless they are
# many) or all. ARGS are kgl-batch-plan's. Exit 1 where Batch knows no such job.
job_status() {
  local plan=$1/plan.json out=$1/status.json which=$2 about how codes id place
  shift 2
  id=$(kgl-batch-plan get id "$plan")
  place=$(kgl-batch-plan get region "$plan")
  ask_quietly "ask for $id" batch jobs describe "$id" --location "$place" --format=json >"$scratch/job.json" || return
  about=("$plan" --job "$scratch/job.json")
  [ "$which" != all ] || about+=(--all)
  if [ "$which" = none ] || ! kgl-batch-plan listing "${about[@]}" >"$scratch/listing"; then
    kgl-batch-plan status "${about[@]}" --out "$out" "$@"
    return
  fi
  mapfile -t how <"$scratch/listing"
  # What gcloud lists is counted as it comes; it closes a list that it cannot finish.
  { ask "list the tasks of $id" batch tasks list --job "$id" --location "$place" "${how[@]}" && echo true; } |
    kgl-batch-plan status "${about[@]}" --tasks - --marked --out "$out" "$@" || {
    codes=("${PIPESTATUS[@]}")
    # Where gcloud stopped, that is why; it was told.
    [ "${codes[0]}" -eq 0 ] || return "${codes[0]}"
    return "${codes[1]}"
  }
}

# fetch_shards URI FOLDER SEARCH: the shards that are published at URI and not in FOLDER yet. They
# appear there once they are known to be of SEARCH; prints how many came.
fetch_shards() {
  local uri=$1 to=$2 of=$3 code=0 name
  ask_quietly "list the shards" storage ls "$uri/" >"$scratch/published" || code=$?
  # Nothing is published yet.
  [ "$code" -ne 1 ] || : >"$scratch/published"
  [ "$code" -le 1 ] || return "$code"
  : >"$scratch/wanted"
  while read -r name; do
    [ -e "$to/${name##*/}" ] || printf '%s\n' "$name" >>"$scratch/wanted"
  done <"$scratch/published"
  if [ -s "$scratch/wanted" ]; then
    mkdir -p "$to" "$scratch/shards" || return 3
    ask "fetch the shards" storage cp --read-paths-from-stdin --no-user-output-enabled "$scratch/shards/" <"$scratch/wanted" || return
    # Reads every one of them; that some are missing is no fault.
    kgl-merge --missing --search "$of" "$scratch/shards" >"$scratch/missing" || [ $? -eq 1 ] ||
      die 2 "a shard in $uri is not what it should be (above): remove it there, and submit again"
    for name in "$scratch/shards"/*.json; do
      cp "$name" "$to/.fetched" && mv "$to/.fetched" "$to/${name##*/}" || return 3
    done
    rm -r "$scratch/shards"
  fi
  wc -l <"$scratch/wanted"
}
