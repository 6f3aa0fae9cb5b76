# Each target is one line of make.py, which also works without make: `py make.py lab` on Windows.
PYTHON ?= python3
TORCH ?= auto
COURSE = @$(PYTHON) make.py --torch $(TORCH)

.DEFAULT_GOAL := help
.PHONY: help lab test notebooks exercises book release bench processors lint
help: ; @$(PYTHON) make.py
lab test notebooks exercises book release bench processors lint: ; $(COURSE) $@ $(ARGS)
