# `make run` and `make test` need no other step: they install what is missing first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

setup:
	@scripts/setup.sh

build: setup ## the release binary, .build/release/uploadbench
	swift build -c release --product uploadbench

run: build ## compare the strategies against the embedded endpoint
	.build/release/uploadbench run

test: setup ## all tests: in Swift, then with boto3, the AWS CLI and curl
	@scripts/test.sh

interop-servers: setup ## checks on other S3 servers: Ceph's gateway, rclone and moto, which it installs
	@scripts/check-servers.sh

interop-shards: setup ## shards under a real Slurm and GNU parallel, which it installs
	@scripts/check-shards.sh

docs-servers: setup ## the table in docs/servers.md, anew, by doctor on the same servers
	@scripts/check-servers.sh --docs-servers

docs-guard: setup ## the tables in docs/guard.md, anew, on the same servers
	@scripts/check-servers.sh --docs

.PHONY: sanitize
sanitize: ## the Swift tests and short runs under AddressSanitizer and ThreadSanitizer (an hour on 2 cores)
	@scripts/sanitize.sh

lint: ## format, file sizes, script syntax
	@scripts/lint.sh

format: ## rewrite the sources as the formatter has them
	swift format --in-place --recursive --parallel Package.swift Sources Tests

bench: build ## CPU per upload beside wrk, ab, h2load and hey; 10,000 connections; signing (5 minutes)
	@scripts/setup-bench.sh
	@Tests/Bench/engine/bench.sh .build/release/uploadbench

.PHONY: bench-capacity
bench-capacity: build ## rates that capacity finds, beside those of queueing theory (25 minutes)
	python3 Tests/Bench/capacity.py .build/release/uploadbench

bench-link: build ## the emulated network in real time, beside measurements of Linux's TCP
	python3 Tests/Bench/link.py .build/release/uploadbench

bench-queue: build ## response times of the open model beside queueing theory (17 minutes, on a quiet machine)
	python3 Tests/Bench/queueing.py .build/release/uploadbench

bench-gate: build ## how often compare is wrong: equals, equals on a drifting machine, 10% slower
	python3 Tests/Bench/gate.py .build/release/uploadbench

bench-merge: build ## the merge of a thousand synthetic shards: time and memory (needs 12 GB of disk)
	python3 Tests/Bench/merge.py .build/release/uploadbench

torture: build ## faults, hostile input and interruptions, into docs/reliability.md
	@scripts/setup-test.sh
	.venv/bin/python Tests/Torture/torture.py .build/release/uploadbench

soak: build ## half an hour of load, huge bodies, 100 million samples (35 minutes, 15 GB of disk)
	python3 Tests/Torture/soak.py .build/release/uploadbench

fuzz: ## every parser under libFuzzer, FUZZ_SECONDS each (an hour), as many at once as there are cores
	python3 Tests/Fuzz/fuzz.py

fuzz-coverage: setup ## how much of each parser the corpus of the fuzz targets reaches, by line
	python3 Tests/Fuzz/coverage.py

clean: ## remove what was built and the test clients; results stay
	rm -rf .build .build-fuzz .build-coverage .venv .venv-servers
