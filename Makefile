# Two commands do everything: `make run` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

DATA ?= .harkara
LISTEN ?= 127.0.0.1:8787
TIME_SCALE ?= 1
HARKARA := target/release/harkara

.PHONY: help build run demo test check fmt bench load audit sizes

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## Build the binary `harkara`
	cargo build --release --locked -p harkara-onebox

run: build ## Serve on this machine with the demo store (DATA, LISTEN, TIME_SCALE)
	$(HARKARA) serve --data $(DATA) --listen $(LISTEN) --time-scale $(TIME_SCALE)

demo: ## Send sample orders to the running server, and bring the first to its door
	$(HARKARA) demo --data $(DATA) --url http://$(LISTEN) --deliver

test: ## Pass every test
	cargo test --workspace --locked

check: fmt audit sizes ## Format, lints, docs, dependency audit, sizes of files
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

fmt: ## Check the format
	cargo fmt --all -- --check

audit: ## Check the licences of dependencies, and what they were published as
	bash tests/audit.sh

sizes: ## No file over 300 lines but for tests
	bash tests/sizes.sh

bench: ## Time the hot roads
	cargo bench --locked -p harkara-domain -p harkara-embedded

load: build ## Measure the running binary: orders a second, latencies, a crash
	cargo run --release --locked -p harkara-tests --bin load -- all
