# Everything that is done with this project, each by one word. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check format docs proof simulate oracle bench build release packages clean

help: ## Say what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

packages: ## Install the Debian packages and tools that are missing
	@script/install-packages
	@script/install-tools

build: packages ## Build the program and the sandbox
	swift build

run: build ## The demonstration: a sandbox, a healthy day, a changed day, a week's maintenance, the reports
	@script/demo

test: packages ## Every test, with a seeded sample of the long loops
	@script/test

check: packages ## What a change must pass: format, generated reference, every test
	@script/check

format: ## Rewrite the sources in the house's format
	swift format -i -r Sources Tests Package.swift

docs: build ## Write the generated reference anew
	.build/debug/millwright reference write

proof: packages ## The long loops whole; writes docs/figures
	@script/proof

simulate: ## Histories of the dispatcher and of whole instances: SEEDS=N of each, from FIRST_SEED=K on
	@script/simulate

oracle: ## Schedules beside six other programs, which it installs; writes docs/figures
	@script/oracle/run

bench: packages release ## The figures beside the named peers; writes docs/figures
	@script/bench

release: packages ## The stripped release binary
	swift build -c release --product millwright
	@script/strip-release

clean: ## Remove everything that was built
	rm -rf .build
