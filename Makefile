# `make run` serves Aether; `make test` and `make check` prove it; docs/testing.md tells how.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv/bin/python
export HOST PORT

.PHONY: run test chaos bench peers fuzz check audit lock dev node screenshots

run:
	@$(PYTHON) tools/bootstrap.py --env
	@$(VENV) manage.py prepare
	@exec $(VENV) manage.py serve

dev:
	@$(PYTHON) tools/bootstrap.py --dev

# npm's own stamp tells whether node_modules belongs to the lock file.
node: node_modules/.package-lock.json
	@node tools/require_node.mjs
node_modules/.package-lock.json: package-lock.json
	@command -v npm > /dev/null || { echo "Tests and checks need Node 20.11 or later, and npm." >&2; exit 1; }
	npm ci --no-audit --no-fund
	@touch $@

test: dev node
	$(VENV) tools/test.py

# make chaos SECONDS=600 SEED=7 repeats a run's schedule; docs/design/chaos.md tells what it does.
SECONDS ?= 60
chaos: dev
	$(VENV) -m tests.chaos --seconds $(SECONDS) --longest 5 $(if $(SEED),--seed $(SEED))

# make bench QUICK=1 takes minutes; SCENARIO=fanout,burst PEERS=aether,nchan REPEATS=5 narrow it or make it longer.
bench: peers
	$(VENV) -m bench $(if $(QUICK),--quick) $(if $(SCENARIO),--scenarios $(SCENARIO)) $(if $(PEERS),--peers $(PEERS)) $(if $(REPEATS),--repeats $(REPEATS)) $(if $(PUBLISH),--publish)

# What is measured beside Aether. Where one of them cannot be had here, the run goes on and says so.
peers: dev
	-@$(VENV) -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	-@test bench/peers/node_modules/.package-lock.json -nt bench/peers/package-lock.json || npm ci --prefix bench/peers --no-audit --no-fund

# make fuzz INPUTS=100000 SEED=7 repeats a run's inputs; docs/design/fuzz.md tells what it sends.
INPUTS ?= 100000
fuzz: dev
	$(VENV) -m tests.fuzz --inputs $(INPUTS) $(if $(SEED),--seed $(SEED))

check: dev node
	$(VENV) tools/check.py

audit: dev node
	$(VENV) tools/audit.py

# Pins what requirements*.in name, and all that those pull in.
lock: dev
	$(VENV) -m piptools compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements.txt requirements.in
	$(VENV) -m piptools compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements-dev.txt requirements-dev.in
	$(VENV) -m piptools compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements-bench.txt requirements-bench.in

# The pictures of the docs, of a real server with the dummy data.
screenshots: dev node
	$(VENV) -m tools.screenshots
