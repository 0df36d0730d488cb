# Every target installs what it needs first; nothing outside this directory is changed
# (tools/setup names Debian packages that are missing and, as root, installs them).
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: demo test lint bench bench-ledger bench-projector lock contracts clean

$(VENV)/.installed: requirements.lock pyproject.toml
	tools/setup runtime
$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml
	tools/setup dev

demo: $(VENV)/.installed
	$(PY) tests/e2e/demo.py $(if $(EXIT),--exit)

test: $(VENV)/.installed-dev
	tools/forge test
	$(PY) -m pytest -q

lint: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

lock: $(VENV)/.installed-dev
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

contracts: $(VENV)/.installed-dev
	$(VENV)/bin/lading contracts build

bench-ledger: $(VENV)/.installed-dev
	PYTHONPATH=tests $(PY) tests/load/bench_ledger.py

bench-projector: $(VENV)/.installed-dev
	PYTHONPATH=tests $(PY) tests/load/bench_projector.py

clean:
	rm -rf $(VENV) .cache contracts/out contracts/cache contracts/node_modules
