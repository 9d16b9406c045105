# hotloop's commands. `make demo` and `make test` set up what they need: system packages (tools/setup-system), a virtual
# environment, the build. A second run only does what changed.
#
#   make demo          the example programs on photographs; pictures in demo-output/
#   make test          the tests, those with Dask, pandas, xarray and others too (MORE= leaves them out); ARGS="tests/test_containers.py -k pop" is handed to pytest
#   make build         the environment and the build alone
#   make test-all      the tests under every supported CPython that is installed
#   make debug         a debug build, and the tests on it with the IR verified after every pass
#   make fuzz          N=2000 random programs, compiled and in CPython; SEED=… repeats a run (docs/testing.md)
#   make inject        the tests, with each allocation made to fail
#   make sanitize      tests and random programs with AddressSanitizer and UndefinedBehaviorSanitizer;  make tsan: threads
#   make fuzz-ir fuzz-reader: coverage-guided fuzzing of what reads foreign input
#   make libraries     the test suites of libraries built on Numba, with hotloop in its place; NAMES="pyts" for some of them
#   make bench         measures against the newest Numba and against C; writes benchmarks/results.md
#   make bench-npbench NPBENCH=path: NPBench's own Numba files on both sides, from a checkout of NPBench
#   make bench-safety  what range checks, interrupts and overflow="raise" cost
#   make format        formats the lines of C and Python that differ from the last commit
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

.PHONY: build demo test test-all debug fuzz inject sanitize tsan fuzz-ir fuzz-reader libraries bench bench-npbench bench-safety format clean strict smoke
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
	        $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version MORE= ARGS="$(if $(filter short,$(HOW)),$(MEMORY)) $(ARGS)" || exit 1; \
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
	HOTLOOP_VERIFY=1 PYTHONPATH=$(CURDIR)/build/debug/stage PYTHONSAFEPATH=1 $(BIN)/pytest $(if $(filter short,$(HOW)),$(MEMORY)) $(ARGS)

# Warnings as errors under gcc and clang; clang's build is the one that fuzz-ir and fuzz-reader use, where they can run.
strict: build/strict-gcc/.staged
	@if tools/find-llvm fuzzer >/dev/null; then $(MAKE) --no-print-directory build/guided/.staged; \
	 elif tools/find-llvm clang >/dev/null; then $(MAKE) --no-print-directory build/strict-clang/.staged; \
	 else echo "== strict build with clang: skipped, it is not installed"; fi

# The oldest LLVM that is supported, on some of the tests.
smoke:
	@if tools/find-llvm 19 >/dev/null; then \
	    $(MAKE) --no-print-directory build/llvm19/.staged && \
	    PYTHONPATH=$(CURDIR)/build/llvm19/stage PYTHONSAFEPATH=1 $(BIN)/pytest tests/test_workloads.py tests/test_language.py; \
	 else echo "== LLVM 19: skipped, it is not installed"; fi

# --- proof (docs/testing.md) ------------------------------------------------------------------------------------------------
# HOW=short is what .ci/run does.
N    ?= 2000
SEED ?=
HOW  ?= long
fuzz: $(VENV)/.built
	$(BIN)/python tests/fuzz/fuzz.py --count $(N) $(if $(SEED),--seed $(SEED)) $(ARGS)
	$(BIN)/python tests/fuzz/overflow.py $$(($(N) / 10)) $(SEED)

inject: $(VENV)/.built
	HOTLOOP_INJECT=1 $(BIN)/pytest $(if $(filter short,$(HOW)),$(CORE)) $(ARGS)

CORE        = tests/test_containers.py tests/test_container_programs.py tests/test_exceptions.py tests/test_found_by_fuzzing.py
MEMORY      = $(CORE) tests/test_runtime.py tests/test_runtime_sort.py tests/test_reader.py tests/test_ir.py tests/test_types.py tests/test_dispatcher.py \
              tests/test_arrays.py tests/test_language.py tests/test_iterate.py tests/test_overlap.py
STAGE_asan  = -Db_sanitize=address,undefined
STAGE_tsan  = -Db_sanitize=thread
CC_asan     = CC=gcc CXX=g++
CC_tsan     = CC=gcc CXX=g++
REPORT      = $(CURDIR)/build/$@-report
STAGED      = PYTHONPATH=$(CURDIR)/build/$(1)/stage PYTHONSAFEPATH=1
PRELOAD     = LD_PRELOAD="$$(gcc -print-file-name=lib$(1).so) $$(gcc -print-file-name=libstdc++.so.6)"
ASAN        = $(call STAGED,asan) ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0:detect_container_overflow=0:alloc_dealloc_mismatch=0:log_path=$(REPORT) \
              UBSAN_OPTIONS=print_stacktrace=1:log_path=$(REPORT) $(call PRELOAD,asan)
TSAN        = $(call STAGED,tsan) TSAN_OPTIONS=log_path=$(REPORT):history_size=7:report_signal_unsafe=0:suppressions=$(CURDIR)/tests/fuzz/tsan.supp $(call PRELOAD,tsan)
CHECKED     = for r in $(REPORT).*; do grep -qsE 'ERROR|runtime error|WARNING: Thread' $$r && head -60 $$r && bad=1; done; exit $${bad:-0}

# Sanitizers watch hotloop's own C code; machine code that hotloop makes is not instrumented.
sanitize: build/asan/.staged
	@rm -f $(REPORT).*
	@$(ASAN) PYTHONMALLOC=malloc $(BIN)/pytest -p no:cacheprovider $(if $(filter short,$(HOW)),$(CORE) tests/test_runtime.py,$(MEMORY)) $(ARGS) || bad=1; \
	 $(ASAN) $(BIN)/python tests/fuzz/fuzz.py --count $(if $(filter short,$(HOW)),100,1000) || bad=1; $(CHECKED)

tsan: build/tsan/.staged
	@rm -f $(REPORT).*
	@$(TSAN) $(BIN)/python tests/fuzz/threads.py $(if $(filter short,$(HOW)),15,60) 16 $(SEED) || bad=1; $(CHECKED)

# Coverage-guided: clang and its runtime libraries (Debian: clang-22, libclang-rt-22-dev). The driver comes before ASan, which has
# functions of the same names that count nothing.
CLANG       = $(shell tools/find-llvm clang)
STAGE_guided = -Dstrict=true -Db_sanitize=address,fuzzer-no-link
CC_guided   = CC=$(CLANG) CXX=$(shell tools/find-llvm clang++)
RUNTIME     = $(shell $(CLANG) --print-runtime-dir)
FUZZER      = $(shell tools/find-llvm fuzzer)
CLANG_ASAN  = $(firstword $(wildcard $(RUNTIME)/libclang_rt.asan-x86_64.so $(RUNTIME)/libclang_rt.asan.so))
HOW_LONG    = $(if $(filter short,$(HOW)),-runs=5000 -seed=1,-max_total_time=600)
build/guided/driver.so: tests/fuzz/driver.c build/guided/.staged
	@[ -n "$(FUZZER)" ] || { echo "clang's libraries for fuzzing are needed (Debian: libclang-rt-22-dev)"; exit 2; }
	$(CLANG) -shared -fPIC -o $@ $< -Wl,--whole-archive $(FUZZER) -Wl,--no-whole-archive -lstdc++ -lpthread -ldl -lm

fuzz-ir fuzz-reader: fuzz-%: build/guided/driver.so
	@$(call STAGED,guided) ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0:detect_container_overflow=0:alloc_dealloc_mismatch=0 \
	    LD_PRELOAD="$(CURDIR)/build/guided/driver.so $(CLANG_ASAN) $$(gcc -print-file-name=libstdc++.so.6)" PYTHONMALLOC=malloc \
	    $(BIN)/python tests/fuzz/guided.py build/guided/driver.so $* build/guided/corpus-$* $(HOW_LONG) -max_len=2000 -rss_limit_mb=0 -timeout=60 \
	    -artifact_prefix=build/guided/$*- -print_final_stats=1 $(ARGS)

# --- libraries that were written for Numba ----------------------------------------------------------------------------------
# In an environment of their own, without Numba: of what they require, the group has the rest.
LIBRARIES = .bench/libraries
libraries:
	$(MAKE) --no-print-directory VENV=$(LIBRARIES) $(LIBRARIES)/.built $(LIBRARIES)/.group-libraries
	$(LIBRARIES)/bin/python -m pip install -q --no-deps quantecon pyts sparse
	$(LIBRARIES)/bin/python tests/libraries/run.py $(NAMES)

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

bench-safety: .bench/.tools
	$(MAKE) --no-print-directory VENV=$(BENCH) build
	$(BENCH)/bin/python benchmarks/safety.py $(ARGS)

# --- the rest ---------------------------------------------------------------------------------------------------------------
format: $(VENV)/.group-format
	python3 tools/format-changed $(BIN)

clean:
	rm -rf build .venv .venv-3.* .bench demo-output .hypothesis .pytest_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
