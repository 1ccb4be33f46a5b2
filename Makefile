# SPDX-License-Identifier: Apache-2.0
#
# The front door. Every target installs what it misses from Debian (and says what), then
# hands over to Meson or to one script in tools/. Nothing is decided here.

BUILD      := build
BUILD_ASAN := build-asan
SIPWARD    := $(BUILD)/sipward

.PHONY: all demo run test lint format mutants sim storm bench fuzz clean help
.DEFAULT_GOAL := all

all:
	@tools/install-missing build
	@tools/configure release $(BUILD)
	@ninja -C $(BUILD) --quiet
	@echo "built $(SIPWARD)"

demo: all
	@$(SIPWARD) demo

run: all
	@tools/install-missing run
	@tools/run-local $(SIPWARD)

# The last line of this target's output is "N passed, N failed, N skipped".
# ONLY=build, unit, tidy, threads, plants, coverage or wire runs one part of it.
test:
	@tools/install-missing build run test
	@tools/run-tests $(ONLY)

lint: all
	@tools/install-missing build test
	@test/tidy/run.py --build $(BUILD)

format:
	@tools/install-missing build test
	@tools/format-all

# A million calls in bad weather: a quarter of an hour at most. CALLS=10000 makes fewer.
sim:
	@tools/install-missing build run test
	@tools/run-sim $(CALLS)

# Ten thousand reloads of the certificates under handshakes. RELOADS=1000 makes fewer.
storm: all
	@tools/install-missing test
	@tools/run-storm $(RELOADS)

# Takes half an hour, mostly of one core, and stands back for all else.
mutants:
	@tools/install-missing build run test
	@nice -n 19 tools/mutate

bench:
	@tools/install-missing build run test bench
	@tools/run-bench

# Goes on where it ended. FUZZ_S is for how long; 0: until every target has run long enough.
FUZZ_S := 600
fuzz:
	@tools/install-missing build test
	@tools/fuzz campaign --budget $(FUZZ_S)

clean:
	rm -rf $(BUILD) build-*

help:
	@echo "make          build $(SIPWARD)"
	@echo "make demo     build, then two phones call each other on loopback"
	@echo "make run      serve examples/sipward.yaml on loopback with a throw-away certificate"
	@echo "make test     everything: builds, unit tests, tidy tests, wire tests"
	@echo "make lint     formatting and the tidy tests"
	@echo "make format   let clang-format rewrite the C files"
	@echo "make sim      a million simulated calls in bad weather"
	@echo "make storm    10,000 reloads of the certificates under 200 handshakes a second"
	@echo "make mutants  small faults put into the source: do the tests see them?"
	@echo "make bench    the benchmarks"
	@echo "make fuzz     the fuzzers, for ten minutes; FUZZ_S=0: until all have enough"
	@echo "make clean    remove what was built"
