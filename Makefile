# The two commands. Everything else is in docs/.
PYTHON ?= python3

.PHONY: serve test lock

serve:
	@$(PYTHON) dxp/bootstrap.py
	@exec .venv/bin/python manage.py serve

test:
	@$(PYTHON) dxp/bootstrap.py
	@exec .venv/bin/python -m tests $(ARGS)

# For developers who change a dependency: write the five locks anew, without any address in them.
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
lock:
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	$(COMPILE) --group bootstrap -o requirements-bootstrap.lock
	$(COMPILE) --group node -o requirements-node.lock
	$(COMPILE) --group peers -o requirements-peers.lock
