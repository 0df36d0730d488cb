# Every target installs what it needs first; nothing outside this directory is changed
# (tools/setup names Debian packages that are missing and, as root, installs them).
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: demo test test-long lint slither coverage snapshots mutants soak soak-node hostile fuzz-identity lock contracts clean
.PHONY: bench bench-demo bench-contracts bench-ledger bench-projector bench-kill bench-exchange bench-events bench-node bench-identity
.PHONY: faults faults-rotated faults-network faults-network-rotated bench-network bench-long-chain test-network manifests
NETWORK_TESTS := tests/integration/network tests/integration/test_founding.py tests/integration/follower \
	tests/integration/test_evidence.py tests/integration/test_evidence_stories.py

$(VENV)/.installed: requirements.lock pyproject.toml
	tools/setup runtime
$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml
	tools/setup dev
.cache/slither/.installed: requirements-slither.lock $(VENV)/.installed-dev
	tools/setup slither

demo: $(VENV)/.installed
	$(if $(filter avalanche,$(LEDGER)),deployments/engines/avalanche/build)
	$(PY) tests/e2e/demo.py $(if $(EXIT),--exit) $(if $(LEDGER),--ledger $(LEDGER))

# Three processes share the tests, those of a directory that ask the same members together
# (tests/support/sharing.py): most of the time a test waits for a block.
test: $(VENV)/.installed-dev
	FORGE_SNAPSHOT_CHECK=true tools/forge test
	$(PY) -m pytest -q -n 3

# What can be tried for ever, longer than in `make test`: flipped bytes of evidence, the model of the
# verb table, kill -9 of the ledger. The doors: make hostile; the contracts: make soak, make mutants.
test-long: $(VENV)/.installed-dev
	LADING_LONG=1 $(PY) -m pytest -q --timeout=0 tests/model tests/integration/test_evidence_bytes.py \
		tests/integration/test_embedded_crash.py

# On a network of five validators: founding, joining and rights of the network itself, then founding,
# follower, evidence and the story as they are on the embedded ledger. Builds the engine once, five minutes.
test-network: $(VENV)/.installed-dev
	deployments/engines/avalanche/build
	LEDGER=avalanche $(PY) -m pytest -q --timeout=600 $(NETWORK_TESTS)
	$(PY) tests/e2e/demo.py --exit --ledger avalanche

lint: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Static analysis of the contracts; the exceptions and their reasons: tests/contracts/slither_exceptions.json.
slither: .cache/slither/.installed
	PYTHONPATH=tests $(PY) tests/contracts/slither_check.py

# Branches of contracts/src that forge's tests take, a line a file; fails below 100 %.
coverage: $(VENV)/.installed-dev
	$(PY) tests/contracts/branch_coverage.py

# Rewrite contracts/snapshots: what named acts cost, and where each contract keeps what.
snapshots: $(VENV)/.installed-dev
	rm -rf contracts/snapshots
	FORGE_SNAPSHOT_CHECK=false tools/forge test --match-contract '^Gas'
	$(PY) tools/storage_layouts.py

# Faults put into contracts/src one by one, 40 minutes on two cores: make mutants SEED=7 N=150
mutants: $(VENV)/.installed-dev
	PYTHONPATH=.:tests:tests/load $(PY) tests/mutation/run.py --seed $(or $(SEED),1) --sample $(or $(N),150)

lock: $(VENV)/.installed-dev
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 --group slither -o requirements-slither.lock

# The charts for engines that were not run here, by helm, which Go builds the first time.
manifests: $(VENV)/.installed-dev
	tools/helm version --short
	$(PY) -m pytest -q tests/unit/test_engine_manifests.py

contracts: $(VENV)/.installed-dev
	$(VENV)/bin/lading contracts build

# Every benchmark, one JSON line each; about half an hour. The machine should do nothing else.
bench: bench-demo bench-contracts bench-ledger bench-projector bench-kill bench-exchange bench-events bench-node bench-identity

bench-demo: $(VENV)/.installed-dev
	PYTHONPATH=tests $(PY) tests/load/bench_demo.py

# Gas of the contracts' verbs, from receipts on anvil; a minute.
bench-contracts: $(VENV)/.installed-dev
	PYTHONPATH=.:tests:tests/load $(PY) tests/load/bench_contracts.py

bench-ledger: $(VENV)/.installed-dev
	PYTHONPATH=tests $(PY) tests/load/bench_ledger.py

# From a final block to a subscriber, and reads at 200,000 titles, on both databases; six minutes.
bench-events: $(VENV)/.installed-dev
	PYTHONPATH=.:tests:tests/load $(PY) tests/load/bench_events.py

bench-projector: $(VENV)/.installed-dev
	PYTHONPATH=tests $(PY) tests/load/bench_projector.py

# A 100 MB file to three members: the extra memory of four nodes; two minutes.
bench-exchange: $(VENV)/.installed-dev
	PYTHONPATH=.:tests $(PY) tests/load/bench_exchange.py

# Commands a second from the door to final; starts PostgreSQL from Debian's packages.
bench-node: $(VENV)/.installed-dev
	PYTHONPATH=.:tests:tests/load $(PY) tests/load/bench_node.py

# Whether a busy node's memory grows: make soak-node MINUTES=20, RATE=5, DATABASE=sqlite
soak-node: $(VENV)/.installed-dev
	PYTHONPATH=.:tests:tests/load $(PY) tests/load/soak_node.py --minutes $(or $(MINUTES),20) \
		--rate $(or $(RATE),5) --database $(or $(DATABASE),postgresql)

# Signatures, certificate paths, decisions and sign-in, on one core; the machine should do nothing else.
bench-identity: $(VENV)/.installed-dev
	PYTHONPATH=.:tests:tests/load $(PY) tests/load/bench_identity.py

# schemathesis and hostile HTTP against a running member, longer than in the tests: make hostile N=200
hostile: $(VENV)/.installed-dev
	HOSTILE_EXAMPLES=$(or $(N),100) PYTHONPATH=.:tests $(PY) -m pytest -q --timeout=0 tests/integration/hostile

# 100,000 damaged certificates, lists, requests and signatures; another SEED tries others.
fuzz-identity: $(VENV)/.installed-dev
	LADING_FUZZ=100000 $(if $(SEED),LADING_FUZZ_SEED=$(SEED)) $(PY) -m pytest -q --show-capture=no tests/unit/identity/certificates/test_fuzzed.py

# Kills processes with -9 while writes are in flight, 50 times.
bench-kill: $(VENV)/.installed-dev
	$(PY) tests/faults/kill_rounds.py

# Every kind of fault once, or N times, to real processes, PostgreSQL and Redis; a table and one JSON
# line. A quarter of an hour on two idle cores. As root: it mounts small disks and traces processes.
faults: $(VENV)/.installed-dev
	PYTHONPATH=.:tests $(PY) tests/faults/run.py --rounds $(or $(N),1)

# Five of them, which follow from the commit, so that all come round; under four minutes.
faults-rotated: $(VENV)/.installed-dev
	PYTHONPATH=.:tests $(PY) tests/faults/run.py --rotated

# Every kind of fault to a network of five validators, each with a node: half an hour. As root: each
# validator gets a network namespace. The engine is built first, five minutes once a version.
faults-network: $(VENV)/.installed-dev
	deployments/engines/avalanche/build
	PYTHONPATH=.:tests $(PY) -m network_faults.versions
	PYTHONPATH=.:tests $(PY) tests/network_faults/run.py --rounds $(or $(N),1)

# Three of them, which follow from the commit; under five minutes.
faults-network-rotated: $(VENV)/.installed-dev
	deployments/engines/avalanche/build
	PYTHONPATH=.:tests $(PY) tests/network_faults/run.py --rotated

# What a network of five validators carries, by itself and through a node; a quarter of an hour.
bench-network: $(VENV)/.installed-dev
	deployments/engines/avalanche/build
	PYTHONPATH=.:tests:tests/load $(PY) tests/load/bench_network.py

# Joining a network of 10,000 blocks, and memory and disk at up to 100,000 transactions; half an hour.
bench-long-chain: $(VENV)/.installed-dev
	deployments/engines/avalanche/build
	PYTHONPATH=.:tests:tests/load $(PY) tests/load/bench_long_chain.py

# 50,000 acts of every kind, each compared with the model of the verb table; about ten minutes.
soak: $(VENV)/.installed-dev
	PYTHONPATH=.:tests $(PY) tests/model/soak.py

clean:
	rm -rf $(VENV) .cache contracts/out contracts/cache contracts/node_modules
