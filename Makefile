# Ringback: everything a person starts. Each target gets what it needs by itself.
PYTHON ?= python3
PY := .venv/bin/python
SIZE ?= small
MINUTES ?= 30
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 8 ] && n=8; echo $$n)

.PHONY: help run test bench soak lint install browser
.DEFAULT_GOAL := help

help:
	@echo "make run    the whole system with a demo club (PORT=8123, DEMO=0 without the club)"
	@echo "make test   all tests, in a browser too"
	@echo "make bench  speed (SIZE=small|medium|large; ONLY=plan,claim some lines; KEEP=1 the rows)"
	@echo "make soak   the long reliability runs (MINUTES=30)"
	@echo "make lint   style and types of the code"

# The packages of requirements.txt in .venv; nothing to do while both are as they were.
install:
	@sum=$$(cksum < requirements.txt); \
	if [ -x $(PY) ] && [ "$$(cat .venv/installed 2>/dev/null)" = "$$sum" ] && $(PY) -c '' 2>/dev/null; then exit 0; fi; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Ringback needs Python 3.11 or later; '$(PYTHON)' is not. Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }; \
	if ! $(PY) -c '' 2>/dev/null; then \
	  rm -rf .venv; \
	  $(PYTHON) -m venv .venv || { rm -rf .venv; \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	      apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv .venv; \
	    else echo "Python cannot make a virtual environment here. On Debian: apt install python3-venv" >&2; exit 1; fi; }; \
	fi; \
	echo "Getting the packages of requirements.txt ..."; \
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt && echo "$$sum" > .venv/installed

run: install
	@$(PY) -m config.run

browser: install
	@$(PY) -m tests.browser

test: install browser
	@$(PY) -m pytest -n $(JOBS) --dist worksteal $(ARGS)

bench: install
	@SIZE=$(SIZE) ONLY=$(ONLY) KEEP=$(KEEP) ATTEMPTS=$(ATTEMPTS) $(PY) -m tests.bench

soak: install
	@MINUTES=$(MINUTES) $(PY) -m tests.soak

lint: install
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
