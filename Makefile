# kgl: a target is one line that pipes tools or calls one script.
# Bare `make` is the help; `make doctor` says what this machine lacks.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

competition ?= $(KAGGLE_COMPETITION)
name ?=
data ?=
where ?=
go ?=
PREFIX ?= $(HOME)/.local
CARGO ?= cargo

# What cargo may use of this machine's libraries (scripts/_env.sh).
features = $(shell source scripts/_env.sh && system_features)

export PATH := $(CURDIR)/target/release:$(PATH)

# What the pipeline of most targets begins with.
rna := stanford-rna-3d-folding-2
run = kgl-run --competition $(competition)
# A competition's search over several hosts, and whether one was launched from here.
fleet = competitions/$(competition)/launch_cluster_search.sh
led = $(if $(competition),$(wildcard competitions/$(competition)/outputs/searches/*/.fleet.json))
# A target whose tool is still to come says so and fails; it never pretends.
not_yet = @printf 'make %s: not there yet. It will %s.\n' '$@' '$(1)' >&2; exit 2

# Asked before anything is built.
of_one := e2e-full train train-1 train-1-auto validate predict predict-smoke submit deploy sync pull status watch-local stop why gcp-submit gcp-status gcp-pull gcp-stop
projects := $(patsubst competitions/%/challenge.json,%,$(wildcard competitions/*/challenge.json))
ifneq ($(filter $(of_one),$(MAKECMDGOALS)),)
ifeq ($(filter $(competition),$(projects)),)
$(error say which competition, as in `make $(firstword $(MAKECMDGOALS)) competition=$(firstword $(projects))`; there are: $(projects))
endif
endif

##@ First steps
.PHONY: help doctor build install all
help: ## this page
	@awk -f scripts/help.awk $(MAKEFILE_LIST)
doctor: ## what is missing on this machine, with the command that installs it
	@scripts/doctor.sh
build: ## the tools and the baselines, optimised, into target/release
	@$(CARGO) build --release --locked --bins $(features)
	@$(CARGO) build --release --locked --bins --workspace $(features)
install: build ## binaries, completions and man pages below PREFIX=DIR (default ~/.local)
	@scripts/install.sh "$(PREFIX)"
all: build test e2e-smoke ## build, test, and the whole pipeline on generated data

##@ The whole pipeline
.PHONY: e2e-smoke e2e-full
e2e-smoke: build ## on data generated here: no account, no network
	@competitions/$(or $(competition),$(rna))/e2e.sh smoke
e2e-full: build ## on real data: competition=SLUG data=DIR
	@competitions/$(competition)/e2e.sh "$(or $(data),competitions/$(competition)/data)"

##@ A competition
.PHONY: competition-inspect competition-new train train-1 train-1-auto validate predict predict-smoke submit deploy
competition-inspect: build ## all that is known of a competition: competition=SLUG, or of a folder: data=DIR
	@$(if $(data),kgl-inspect --data "$(data)",scripts/inspect-competition.sh "$(competition)")
competition-new: build ## inspect it on Kaggle, fetch its data, make a project of it: competition=SLUG name="A Name"
	@scripts/new-competition.sh "$(competition)" "$(name)"
train: build ## train where challenge.json says, detached: competition=SLUG [where=local|host|fleet go=1]
	@$(run) train --detach $(if $(where),--where $(where)) $(if $(go),-- --go)
train-1: build ## one run (a seed, a fold, a shard) in the foreground: competition=SLUG
	@$(run) train-1
train-1-auto: build ## that run unattended, through pull, predict and stop: competition=SLUG
	@scripts/train-1-auto.sh "$(competition)"
validate: build ## how good it is, on known targets held out by date: competition=SLUG data=DIR
	@competitions/$(competition)/validate.sh "$(or $(data),competitions/$(competition)/data)"
predict: build ## the submission from what was trained, checked; waits for a training: competition=SLUG
	@$(run) predict --after train
predict-smoke: build ## a few rows of it, to see quickly whether it works: competition=SLUG
	@$(run) predict-smoke
submit: build ## send the submission once, wait for its score: competition=SLUG [message=TEXT file=FILE report=FILE dry=1]
	@kgl-submit --challenge competitions/$(competition)/challenge.json --submission "$(or $(file),competitions/$(competition)/outputs/submission.csv)" $${message:+--message "$$message"} $${report:+--validation "$$report"} $(if $(dry),--dry-run)
deploy: build ## publish what a code competition runs, follow it, check its output: competition=SLUG
	@competitions/$(competition)/deploy.sh

##@ Runs
.PHONY: status watch-local stop why monitor pull sync bootstrap dashboard prove
status: build ## runs and how they stand: competition=SLUG
	@$(run) status
watch-local: build ## follow the newest run's log: competition=SLUG
	@$(run) watch
stop: build ## end what runs, here, on a host or on a fleet: competition=SLUG
	@$(run) stop$(if $(led), && $(fleet) --stop)
why: build ## why the newest failed run failed, and the way on: competition=SLUG
	@$(run) why
monitor: build ## hosts and what runs on them, again and again: [competition=SLUG]
	@$(if $(led),$(fleet) --map --watch 2,kgl-probe --watch $(patsubst %,--from competitions/%/challenge.json,$(or $(competition),$(projects))))
pull: build ## fetch what a host or a fleet made, verified by digest: competition=SLUG
	@$(if $(led),$(fleet) --pull,$(run) pull)
sync: build ## bring the project to its host: plan, apply exactly that plan, verify: competition=SLUG
	@kgl-rsync-plan $(addprefix --search ,$(wildcard competitions/$(competition)/search.json)) competitions/$(competition)/challenge.json | kgl-rsync-plan --apply - >/dev/null
bootstrap: ## wake a remote in one command; asks the gate first
	$(call not_yet,set up a rented GPU once the validation gate is open)
dashboard: ## the operator console
	$(call not_yet,serve a console that watches every run)
prove: build ## one search on each compute that can run here, a fault in each: the same bytes? [legs="here slurm"]
	@scripts/prove.sh $(legs)

##@ Kaggle and the cloud
.PHONY: kaggle-install kaggle-auth gcp-install gcp-setup gcp-submit gcp-status gcp-pull gcp-stop
kaggle-install: ## the official kaggle program, pinned, in its own environment
	@scripts/install-kaggle-cli.sh
kaggle-auth: ## credentials from the environment, file=FILE or file=- (stdin), verified
	@scripts/setup-kaggle-auth.sh local "$(file)"
gcp-install: ## the official gcloud program
	@scripts/install-gcloud-cli.sh
gcp-setup: build ## services, a bucket, an account with least roles; again and again
	@scripts/gcp-batch-setup.sh
gcp-submit: build ## the missing shards as a spot array job: competition=SLUG [args="--provisioning standard"]
	@scripts/gcp-batch-submit.sh "$(competition)" $(args)
gcp-status: build ## the job, its tasks, its cost: competition=SLUG [args="--watch"]
	@scripts/gcp-batch-status.sh "$(competition)" $(args)
gcp-pull: build ## its shards, verified and merged: competition=SLUG
	@scripts/gcp-batch-pull.sh "$(competition)" $(args)
gcp-stop: build ## end the job, and see that it has ended: competition=SLUG
	@scripts/gcp-batch-stop.sh "$(competition)" $(args)

##@ Building kgl
.PHONY: test test-fast lint bench
test: ## everything; installs what the tests need where it may
	@scripts/test.sh all
test-fast: ## the part without services, under two minutes
	@scripts/test.sh fast
lint: ## rustfmt, clippy, rustdoc, shellcheck
	@scripts/lint.sh
bench: ## the search and the profile against other programs; quick=1: a quarter of it
	@scripts/bench.sh $(if $(quick),quick) && scripts/bench-inspect.sh $(if $(quick),quick)
