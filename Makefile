# Everything a person types: `make run` and `make test` need no other step.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help setup build run test lint format bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:
	@scripts/setup.sh

build: setup ## the release binary
	swift build -c release --product uploadbench

run: build ## compare the strategies against the embedded endpoint
	.build/release/uploadbench run

test: setup ## all tests
	scripts/test.sh

lint: ## format and size rules
	scripts/lint.sh

format: ## rewrite the sources as the formatter has them
	swift format --in-place --recursive --parallel Package.swift Sources Tests

bench: build ## signing throughput on this machine
	.build/release/uploadbench sign

clean: ## remove what was built, not the results
	rm -rf .build .venv
