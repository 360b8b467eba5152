# Words for everyone: serve, site, check, test. The rest: make help.
PYTHON ?= python3
PYTHON312 ?= python3.12
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export NO_MKDOCS_2_WARNING := 1
export PYTHONUTF8 := 1
# Work runs in parallel processes, so that each keeps to one thread.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

INSTALLED := .venv/installed node_modules/installed
# Torchvision and what builds on it, seen from there only; the rest is .venv's.
ORACLES := .oracles/bin/python
# The newest JAX, which needs a newer Python than the rest; no torch there.
NEWEST := .newest/bin/python

.PHONY: help install serve site check test oracles test-kernels-newest test-programs-cold bench bench-kernels golden results clean

help: ## say what every word does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

install: $(INSTALLED) ## make .venv and node_modules with pinned versions

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Zhixing needs Python 3.11 or newer: make PYTHON=python3.11 ...')"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt $(PIP_ARGS) \
	  --group code --group site --group test --group check
	@touch $@

node_modules/installed: package.json package-lock.json .venv/installed
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.oracles/installed: .venv/installed
	test -x $(ORACLES) || $(PYTHON) -m venv --without-pip .oracles
	$(BIN)/python -c "import site; print(*site.getsitepackages())" \
	  > "$$($(ORACLES) -c 'import site; print(*site.getsitepackages())')/zhixing.pth"
	$(BIN)/python -m pip --python .oracles install --quiet --constraint constraints.txt $(PIP_ARGS) --group oracles
	@touch $@

.newest/installed: constraints-newest.txt
	test -x $(NEWEST) || $(PYTHON312) -m venv .newest
	$(NEWEST) -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --requirement constraints-newest.txt
	@touch $@

serve: $(INSTALLED) ## build the site and serve it, rebuilding what you save; ONLY=opencv keeps one chapter
	mkdocs serve --no-strict --livereload --dev-addr 127.0.0.1:$(or $(PORT),8000)

site: $(INSTALLED) ## build strictly into site/
	mkdocs build # never --quiet: it hides the warnings that strict counts

check: $(INSTALLED) ## ruff, pyright, spelling
	ruff check
	ruff format --check
	pyright --warnings
	codespell README.md CONTRIBUTING.md docs/en docs/_decisions docs/_hooks examples kernels snippets tests

test: $(INSTALLED) ## run all tests, browsers and every program of every page included
	python tests/expand.py .cache/programs
	pytest --numprocesses 2 --dist worksteal --quiet --codeblocks tests .cache/programs

oracles: .oracles/installed ## prove our models against other people's
	$(ORACLES) -m pytest --numprocesses 2 --quiet --oracles tests/examples

test-kernels-newest: .newest/installed ## try the kernels on Python 3.12 with the newest JAX, against numpy
	$(NEWEST) -m pytest --noconftest --quiet \
	  $(addprefix tests/kernels/test_,$(addsuffix .py,launch lowering normal portable triton_ir))

test-programs-cold: $(INSTALLED) ## run every program of every page in a fresh interpreter of its own
	python tests/cold.py

bench: $(INSTALLED) ## measure build, reload, page weight, search and tests
	python tests/bench.py $(BENCH)

bench-kernels: $(INSTALLED) ## measure the kernels on this machine's GPU beside torch, XLA and libraries; KERNEL=softmax
	PYTHONPATH=docs/_hooks python -m kernels.bench $(KERNEL)

golden: $(INSTALLED) ## rewrite the printed outputs beside the code; read the diff
	pytest --quiet --golden tests/examples/test_printed_output.py tests/snippets

results: $(INSTALLED) .oracles/installed ## run the tests of stale pages and store what they measure
	pytest --numprocesses 2 --quiet --results tests/examples tests/kernels tests/snippets
	$(ORACLES) -m pytest --numprocesses 2 --quiet --results --oracles tests/examples
	python docs/_hooks/experiments.py

clean: ## remove everything that can be made again
	rm -rf .venv .oracles .newest node_modules site .cache
