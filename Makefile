# One word a job. What takes more than a line is in Scripts/.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build release tool test test-debug test-bad-device test-compare demo compare evidence lint fmt tsan asan docs check clean bench gate test-bench library install uninstall test-c test-dependent test-evidence
# The words build in shared folders and print for a reader: one after the other.
.NOTPARALLEL:

SWIFT ?= swift
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
export DESTDIR PREFIX LIBDIR
DEPENDENCIES := Scripts/install-dependencies.sh
FORMATTED := Sources Tests Package.swift $(addprefix Benchmarks/,Sources Tests Package.swift)

help: ## Show these words
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

build: ## Build everything, debug
	@$(DEPENDENCIES) build
	$(SWIFT) build

# What is shown and checked, unless another tool is named that was built before.
TOOL ?= .build/release/dmio

tool:
	@[ "$(TOOL)" != .build/release/dmio ] || $(MAKE) release

release: ## Build the tool, optimised: .build/release/dmio
	@$(DEPENDENCIES) build
	$(SWIFT) build -c release --product dmio

# A function of ours begins with a cache line: a request that never enters the kernel costs 4 % less, and no edit changes what it costs by
# moving what follows.
LINES := -Xswiftc -Xllvm -Xswiftc -align-all-functions=6

# The Swift runtime goes in, and what is not declared in dm_io.h stays inside. Nothing else of ours is looked for when it is loaded, so
# no folder is named. A library that has started threads is never unloaded.
library: ## Build all that is installed, optimised: .build-lib/release/libdm-io.so
	@$(DEPENDENCIES) build
	$(SWIFT) build -c release --product dm-io --scratch-path .build-lib --disable-local-rpath -Xswiftc -static-stdlib $(LINES) \
	  -Xlinker --version-script=$(CURDIR)/Packaging/libdm-io.map -Xlinker -soname=libdm-io.so.1 \
	  -Xlinker -z -Xlinker nodelete 2>&1 | sed '/mktemp/d'
	$(SWIFT) build -c release --product dmio --scratch-path .build-lib --disable-local-rpath -Xswiftc -static-stdlib $(LINES) 2>&1 | sed '/mktemp/d'
	@mkdir -p .build-lib/completions && for shell in bash zsh fish; do \
	  .build-lib/release/dmio --generate-completion-script $$shell >.build-lib/completions/$$shell || exit; done

install: ## Copy what `make library` built: PREFIX=/usr/local LIBDIR=PREFIX/lib DESTDIR=
	@Packaging/install.sh install

uninstall: ## Take away what install put there, with the same PREFIX, LIBDIR and DESTDIR
	@Packaging/install.sh uninstall

test-c: library ## Install into folders, and test the C interface there
	@$(DEPENDENCIES) test
	@Scripts/test-install.sh
	@root=$$(mktemp -d) && trap 'rm -rf "$$root"' EXIT && \
	  DESTDIR="$$root" PREFIX=/usr LIBDIR=/usr/lib Packaging/install.sh install && Scripts/test-c.sh "$$root"

test-dependent: ## Build and run a package that depends on this one
	@$(DEPENDENCIES) build
	test "$$($(SWIFT) run --package-path Tests/Dependent --scratch-path .build-dependent dependent)" = written

test: test-debug tsan asan docs ## Run every test, again under the sanitizers, and build the documentation
	@echo "make test: all passed"

test-debug: test-bad-device test-compare ## Run every test once, debug build
	@SWIFT="$(SWIFT)" Scripts/test.sh

# Exit 77 is the harness saying why it cannot run here, e.g. without root.
test-bad-device: ## Check the block device with bad sectors that the tests use
	@$(DEPENDENCIES) test
	Scripts/bad-device/verify.sh || [ $$? -eq 77 ]

test-compare: ## Test what judges copies that failed
	@$(DEPENDENCIES) test
	Scripts/compare/judge-test.sh

# Command lines that are refused, or whose messages are looked at, take up to half a second each in such a build, and have no threads
# that others do not have.
tsan: ## Run the tests under ThreadSanitizer, but for refused command lines and messages
	@$(DEPENDENCIES) test
	@SWIFT="$(SWIFT)" TSAN_OPTIONS="suppressions=$(CURDIR)/Scripts/tsan-suppressions.txt" \
	  Scripts/test.sh --sanitize=thread --scratch-path .build-tsan --skip '^ToolTests.(Hostile|BenchRefusal|MapRefusal|InUse|Identity|Message|Usage|Manual|Completion)' --skip '^TidyTests'

# XCTest itself leaks 368 bytes on Linux; without it every leak that is reported is ours. The linker's hundreds of harmless
# warnings about the sanitizer's own symbols are left out, or nobody would see another one. The tool's processes run under
# ThreadSanitizer; here they would take CI beyond its time. Without them nobody needs hashes: so this is also the build
# without the package's traits.
asan: ## Run the tests of the libraries under AddressSanitizer
	@$(DEPENDENCIES) test
	$(SWIFT) build --build-tests --disable-default-traits --sanitize=address --scratch-path .build-asan 2>&1 \
	  | sed '/Cannot export local symbol/d'
	Scripts/watched.sh $(SWIFT) test --skip-build --disable-default-traits --sanitize=address --disable-xctest --scratch-path .build-asan --skip '^ToolTests' --skip '^TidyTests'

docs: ## Build the documentation of the libraries, warnings are errors
	@$(DEPENDENCIES) build
	$(SWIFT) package generate-documentation --target DMIO --warnings-as-errors
	$(SWIFT) package generate-documentation --target DMIOCopy --warnings-as-errors

demo: tool ## Copy a file system with bad sectors on all sides, and repair it
	@$(DEPENDENCIES) demo
	@Scripts/demo.sh $(TOOL)

compare: release ## Put what copies disks through the same faults; write docs/comparison.md
	@$(DEPENDENCIES) compare
	Scripts/compare/compare.sh .build/release/dmio docs/comparison.md

# Speed is that of the tool as it is installed.
evidence: compare library ## Show anew what the documents claim of a copy: faults, speed, 200 kills
	SWIFT="$(SWIFT)" Scripts/evidence.sh .build-lib/release/dmio docs/evidence.md
	@echo "make evidence: all written"

test-evidence: tool ## Check coarsely what is claimed of the speed of a copy
	@$(DEPENDENCIES) evidence
	@document=$$(mktemp) && trap 'rm -f "$$document"' EXIT && \
	  DMIO_ROUNDS=1 DMIO_MIB=256 DMIO_SLACK=2 Scripts/measure-copy.sh $(TOOL) "$$document"

bench: library ## Compare with C and peers, 40 to 45 minutes; write docs/performance.md
	@$(DEPENDENCIES) bench
	cd Benchmarks && $(SWIFT) build -c release
	cd Benchmarks && .build/release/compare --dmio ../.build-lib/release/dmio --table ../docs/performance.md

# Of Benchmarks only what the gate runs, which leaves out all other packages.
gate: tool ## Check what CI holds the speed to: counts, and one coarse ratio to C
	@$(DEPENDENCIES) gate
	@for part in compare reference mallocs; do \
	  $(SWIFT) build -c release --package-path Benchmarks --product $$part || exit; done
	cd Benchmarks && .build/release/compare --dmio $(abspath $(TOOL)) --gate

test-bench: ## Test the programs that measure
	@$(DEPENDENCIES) bench
	cd Benchmarks && $(SWIFT) test

lint: ## Check the style of Swift and shell
	$(SWIFT) format lint --strict --recursive $(FORMATTED)
	Scripts/lint-shell.sh

fmt: ## Format the Swift sources in place
	$(SWIFT) format format --in-place --recursive $(FORMATTED)

check: lint build test test-c ## All that a change must pass before it is committed
	@echo "make check: all passed"

clean: ## Remove everything that was built
	rm -rf .build .build-tsan .build-asan .build-lib .build-dependent Benchmarks/.build
