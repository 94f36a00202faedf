#!/usr/bin/env bash
# Summary: what array jobs on GCP Batch need: services, a bucket, an account with least roles.
# Usage:   gcp-batch-setup.sh
#
# CLOUDSDK_CORE_PROJECT, CLOUDSDK_BATCH_LOCATION, KGL_GCP_BUCKET: see scripts/_gcp.sh.
# Idempotent. Tasks may read the bucket and add to it, and neither replace nor remove what is in
# it; besides they may report to Batch and write logs, and nothing else. What lies below kgl/ in
# the bucket goes after 60 days. Whoever submits needs the right to act as the account
# (roles/iam.serviceAccountUser; an owner of the project has it).
# Exit 2 when something is to be changed first, 3 when Google cannot be asked.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
source "$KGL_ROOT/scripts/_gcp.sh"
help_if_asked "${1-}"
gcp_begin

ask "turn on the services of $project" services enable \
  batch.googleapis.com compute.googleapis.com storage.googleapis.com logging.googleapis.com iam.googleapis.com cloudresourcemanager.googleapis.com
say "services: on"

code=0
ask "look at gs://$bucket" storage buckets describe "gs://$bucket" >/dev/null 2>"$scratch/words" || code=$?
if [ "$code" -ne 0 ]; then
  # The bucket being absent is what this script is for; all else is told.
  grep -q 'the bucket is not there' "$scratch/words" || { cat "$scratch/words" >&2; exit "$code"; }
  ask "make gs://$bucket" storage buckets create "gs://$bucket" --location "$CLOUDSDK_BATCH_LOCATION" \
    --uniform-bucket-level-access --public-access-prevention
fi
ask "set the lifetime of what is in gs://$bucket" storage buckets update "gs://$bucket" --lifecycle-file "$KGL_ROOT/scripts/gcp-lifecycle.json"
say "bucket:   gs://$bucket, in $CLOUDSDK_BATCH_LOCATION where it is new; what is below kgl/ goes after 60 days"

account=kgl-batch@$project.iam.gserviceaccount.com
code=0
ask_quietly "look for $account" iam service-accounts describe "$account" >/dev/null || code=$?
case $code in
  0) ;;
  1) ask "make $account" iam service-accounts create kgl-batch --display-name "tasks of kgl's array jobs" ;;
  *) exit "$code" ;;
esac
for role in roles/batch.agentReporter roles/logging.logWriter; do
  ask "give $account $role" projects add-iam-policy-binding "$project" --member "serviceAccount:$account" --role "$role" --condition=None >/dev/null
done
for role in roles/storage.objectViewer roles/storage.objectCreator; do
  ask "give $account $role in gs://$bucket" storage buckets add-iam-policy-binding "gs://$bucket" --member "serviceAccount:$account" --role "$role" >/dev/null
done
say "account:  $account; it reads and adds in gs://$bucket, reports to Batch, writes logs"
