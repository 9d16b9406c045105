# hotloop's commands. `make demo` and `make test` set up what they need: system packages (tools/setup-system), a virtual
# environment, the build. A second run only does what changed.
#
#   make demo          the example programs on photographs; pictures in demo-output/
#   make test          the tests, those with Dask, pandas, xarray and others too (MORE= leaves them out); ARGS="tests/test_lists.py -k pop" is handed to pytest
#   make build         the environment and the build alone
#   make test-all      the tests under every supported CPython that is installed
#   make debug         a debug build, and the tests on it with the IR verified after every pass
#   make fuzz          N=2000 random programs, compiled and in CPython; SEED=… repeats a run (docs/testing.md)
#   make bench         measures against the newest Numba and against C; writes benchmarks/results.md
#   make bench-npbench NPBENCH=path: NPBench's own Numba files on both sides, from a checkout of NPBench
#   make format        formats the C and Python sources
#   make clean         removes everything that the commands above made

PYTHON  ?= python3
VENV    ?= .venv
ARGS    ?=
SOURCES := $(shell find binding compiler hotloop runtime -name '*.[ch]' -o -name '*.cpp' -o -name '*.def' -o -name '*.py' -o -name meson.build) \
           meson.build meson.options pyproject.toml
MORE     = $(VENV)/.group-ecosystem
BIN      = $(VENV)/bin
PIP      = $(BIN)/python -m pip --disable-pip-version-check
VERSIONS = 3.11 3.12 3.13

.PHONY: build demo test test-all debug fuzz bench bench-npbench format clean strict smoke
.DELETE_ON_ERROR:

build: $(VENV)/.built

demo: $(VENV)/.built $(VENV)/.group-demo
	$(BIN)/python examples/demo.py

test: $(VENV)/.built $(MORE)
	$(BIN)/pytest $(ARGS)

# --- the environment: one stamp for its tools, one for the build ------------------------------------------------------
# A build folder does not survive new options in meson.options.
$(VENV)/.group-dev: pyproject.toml tools/setup-system
	@PYTHON=$(PYTHON) tools/setup-system
	@echo "setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -q --upgrade 'pip>=25.1'
	@$(PIP) install -q --group dev
	@touch $@

$(VENV)/.group-%: $(VENV)/.group-dev
	@$(PIP) install -q --group $*
	@touch $@

$(VENV)/.built: $(VENV)/.group-dev $(SOURCES)
	@echo "building hotloop for $(VENV)"
	@[ build/$(notdir $(VENV))/build.ninja -nt meson.options ] || rm -rf build/$(notdir $(VENV))
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install -q --no-build-isolation --no-deps -Cbuild-dir=build/$(notdir $(VENV)) .
	@touch $@

# --- other interpreters ------------------------------------------------------------------------------------------------
test-all:
	@for version in $(VERSIONS); do \
	    if python=$$(tools/find-python $$version); then \
	        echo "== CPython $$version: $$python"; \
	        $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version MORE= || exit 1; \
	    else \
	        echo "== CPython $$version: skipped, it is not installed"; \
	    fi; \
	done

# --- other builds: meson alone, installed beside the environment's and found first through PYTHONPATH --------------------
# build/NAME/stage holds the package; STAGE_debug and so on are the options of meson.
STAGE_debug        = -Dbuildtype=debug -Db_ndebug=false
STAGE_strict-gcc   = -Dstrict=true
STAGE_strict-clang = -Dstrict=true
STAGE_llvm19       = -Dllvm_config=$(shell tools/find-llvm 19)
CC_strict-gcc      = CC=gcc CXX=g++
CC_strict-clang    = CC=$(shell tools/find-llvm clang) CXX=$(shell tools/find-llvm clang++)

build/%/.staged: $(VENV)/.group-dev $(SOURCES)
	@echo "building $*"
	@[ build/$*/build.ninja -nt meson.options ] || rm -rf build/$*
	@[ -f build/$*/build.ninja ] || PATH="$(CURDIR)/$(BIN):$$PATH" $(CC_$*) meson setup build/$* --prefix=$(CURDIR)/build/$*/stage \
	    -Dpython.platlibdir=$(CURDIR)/build/$*/stage -Dpython.purelibdir=$(CURDIR)/build/$*/stage $(STAGE_$*) >build/$*.log \
	    || { cat build/$*.log; exit 1; }
	@$(BIN)/meson compile -C build/$* >build/$*.log || { cat build/$*.log; exit 1; }
	@$(BIN)/meson install -C build/$* --only-changed --quiet --no-rebuild
	@touch $@

debug: build/debug/.staged
	HOTLOOP_VERIFY=1 PYTHONPATH=$(CURDIR)/build/debug/stage PYTHONSAFEPATH=1 $(BIN)/pytest $(ARGS)

# Warnings as errors under gcc and clang.
strict: build/strict-gcc/.staged
	@if tools/find-llvm clang >/dev/null; then $(MAKE) --no-print-directory build/strict-clang/.staged; \
	 else echo "== strict build with clang: skipped, it is not installed"; fi

# The oldest LLVM that is supported, on some of the tests.
smoke:
	@if tools/find-llvm 19 >/dev/null; then \
	    $(MAKE) --no-print-directory build/llvm19/.staged && \
	    PYTHONPATH=$(CURDIR)/build/llvm19/stage PYTHONSAFEPATH=1 $(BIN)/pytest tests/test_workloads.py tests/test_language.py; \
	 else echo "== LLVM 19: skipped, it is not installed"; fi

# --- random programs -------------------------------------------------------------------------------------------------------
N    ?= 2000
SEED ?=
fuzz: $(VENV)/.built
	$(BIN)/python tests/fuzz/fuzz.py --count $(N) $(if $(SEED),--seed $(SEED)) $(ARGS)

# --- measurements ---------------------------------------------------------------------------------------------------------
BENCH = .bench/venv
.bench/.tools: pyproject.toml tools/setup-system
	$(MAKE) --no-print-directory VENV=$(BENCH) $(BENCH)/.group-bench
	$(BENCH)/bin/python -m pip install -q --upgrade numba
	@touch $@

bench: .bench/.tools
	$(MAKE) --no-print-directory VENV=$(BENCH) build
	$(BENCH)/bin/python benchmarks/run.py $(ARGS)

bench-npbench: .bench/.tools
	@[ -n "$(NPBENCH)" ] || { echo "NPBENCH=path of a checkout of https://github.com/spcl/npbench is needed"; exit 2; }
	$(MAKE) --no-print-directory VENV=$(BENCH) build
	$(BENCH)/bin/python benchmarks/npbench.py $(NPBENCH) $(ARGS)

# --- the rest ---------------------------------------------------------------------------------------------------------------
format: $(VENV)/.group-format
	find binding compiler runtime -name '*.[ch]' -o -name '*.cpp' | xargs $(BIN)/clang-format -i
	$(BIN)/ruff format hotloop tests benchmarks examples

clean:
	rm -rf build .venv .venv-3.* .bench demo-output
	find . -name __pycache__ -prune -exec rm -rf {} +
