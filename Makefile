# On one machine two commands do everything: `make run` and `make test`. On AWS: docs/deploy.md.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

DATA ?= .harkara
LISTEN ?= 127.0.0.1:8787
TIME_SCALE ?= 1
FAULTS ?= 1000000
EXECUTIONS ?= 10000000
KILLS ?= 100
HARKARA := target/release/harkara

# Which part of infra/samconfig.toml: dev or prod.
ENV ?= dev
TOOLS := $(CURDIR)/.tools/py/bin
SAM_CONFIG := --config-file $(CURDIR)/infra/samconfig.toml --config-env $(ENV)
SAM := PATH="$(TOOLS):$$PATH" SAM_CLI_TELEMETRY=0 $(TOOLS)/sam
# SAM knows the region only by the older name.
ifdef AWS_REGION
export AWS_DEFAULT_REGION := $(AWS_REGION)
endif
# `sam build` has cargo-lambda build in release; this bends it to the profile `lambda` of Cargo.toml.
LAMBDA := CARGO_LAMBDA_GLOBAL=$(CURDIR)/infra/CargoLambda.toml \
	CARGO_PROFILE_RELEASE_OPT_LEVEL=z CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
# `cargo`, or `zig` (`make zig`) where the machine's C library is newer than Lambda's, and for arm64.
COMPILER ?= cargo

.PHONY: help harkara run demo test check fmt bench cost load audit sizes
.PHONY: bench-cold bench-peers soak fuzz crash disk-full
.PHONY: tools zig operator build deploy outputs env logs replay check-infra aws-test aws-load

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

harkara: ## Build the binary `harkara` for one machine
	cargo build --release --locked -p harkara-onebox

run: harkara ## Serve on this machine with the demo store (DATA, LISTEN, TIME_SCALE)
	$(HARKARA) serve --data $(DATA) --listen $(LISTEN) --time-scale $(TIME_SCALE)

demo: ## Send sample orders to the running server, and bring the first to its door
	$(HARKARA) demo --data $(DATA) --url http://$(LISTEN) --deliver

test: ## Pass every test
	cargo test --workspace --locked

check: fmt audit sizes ## Format, lints, docs, dependency audit, sizes of files
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features --locked

fmt: ## Check the format
	cargo fmt --all -- --check

audit: ## Check the licences of dependencies, and what they were published as
	bash tests/audit.sh

sizes: ## No file over 300 lines but for tests
	bash tests/sizes.sh

bench: ## Time the hot roads
	cargo bench --locked -p harkara-domain -p harkara-embedded

soak: ## Simulate until a million things have gone wrong (FAULTS), and report in docs/reliability.md
	cargo run --release --locked -p harkara-sim -- --faults $(FAULTS) --report docs/reliability.md

fuzz: ## Fuzz whatever reads bytes from outside (EXECUTIONS, ONLY, ROUND), and report in docs/fuzzing.md
	EXECUTIONS=$(EXECUTIONS) python3 tests/fuzz/run.py

crash: harkara ## Kill the server under load, KILLS times, and count what was lost or doubled
	cargo run --release --locked -p harkara-tests --bin load -- kills --kills $(KILLS) --rate 100 --time-scale 20

disk-full: harkara ## Fill the disk under the server (as root), twice, and count
	cargo run --release --locked -p harkara-tests --bin load -- disk
	cargo run --release --locked -p harkara-tests --bin load -- disk --kill

bench-peers: ## Time conditions beside other rule engines
	cargo run --release --locked --manifest-path tests/peers/Cargo.toml --target-dir target/peers

cost: ## Count what an order costs on AWS, and write docs/cost.md
	HARKARA_WRITE_COST=1 cargo test --locked -p harkara-tests --test it cost::the_page -- --nocapture

load: harkara ## Measure the running binary: orders a second, latencies, a crash
	cargo run --release --locked -p harkara-tests --bin load -- all

bench-cold: operator build .tools/node/bundle/index.cjs ## Measure cold starts beside Node's, and write docs/cold-start.md
	cargo run --release --locked -p harkara-tests --bin cold -- --page docs/cold-start.md

.tools/node/bundle/index.cjs: $(wildcard tests/cold/node/*)
	mkdir -p .tools/node
	cp tests/cold/node/* tests/cold/node/.npmrc .tools/node
	cd .tools/node && npm ci --no-audit && npm run bundle

tools: ## Install what AWS needs into .tools: SAM, cargo-lambda, linters, local clouds
	python3 -m venv .tools/py
	$(TOOLS)/pip install --quiet --disable-pip-version-check -r tests/aws/requirements.txt
	cargo install --locked --root .tools dynoxide-rs --version 3.2.0 \
		--no-default-features --features native-sqlite,http-server,cli

zig: ## Add zig to the tools, to build for another processor or an older C library (411 MB)
	$(TOOLS)/pip install --quiet --disable-pip-version-check -r tests/aws/zig.txt

$(TOOLS)/sam:
	@echo "$@ is missing: make tools" >&2; exit 1

operator: ## Build `harkara` with the commands for a deployment on AWS
	cargo build --release --locked -p harkara-onebox --features aws

build: $(TOOLS)/sam ## Build the functions for Lambda with cargo-lambda (ENV, COMPILER)
	$(LAMBDA) CARGO_LAMBDA_COMPILER=$(COMPILER) $(SAM) build --build-in-source -t infra/template.yaml $(SAM_CONFIG)
	bash infra/glibc.sh target/sam/*/bootstrap

deploy: build ## Deploy to AWS (ENV=dev or prod, of infra/samconfig.toml)
	$(SAM) deploy $(SAM_CONFIG)

outputs: $(TOOLS)/sam ## Show the addresses and names of the deployment (ENV)
	$(SAM) list stack-outputs $(SAM_CONFIG)

env: $(TOOLS)/sam ## Print what `harkara aws` takes from the environment: eval "$(make --silent env)"
	@$(TOOLS)/python infra/env.py harkara-$(ENV)

logs: $(TOOLS)/sam ## Follow the functions' logs (ENV, FUNCTION=Stage for one of them)
	$(SAM) logs $(SAM_CONFIG) $(if $(FUNCTION),--name $(FUNCTION))

replay: harkara ## Run dead letters again (URL, the key in HARKARA_KEY, WHICH="--flow … --preview")
	@test -n "$(URL)" || { echo 'say where: make replay URL=https://…' >&2; exit 1; }
	@test -n "$${HARKARA_KEY:-}" || { echo 'HARKARA_KEY has to hold an API key of an operator' >&2; exit 1; }
	$(HARKARA) replay --url $(URL) $(WHICH)

aws-test: build ## Prove the functions without an account: contracts, then the whole in a local cloud
	bash tests/aws/test.sh

aws-load: build ## Send ORDERS (10000) orders through the deployed stack in the local cloud
	bash tests/aws/test.sh load

check-infra: $(TOOLS)/sam ## Check the template: linters on it and on what it expands to, and our own rules
	bash infra/check.sh
