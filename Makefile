# What a person types. Each target sets up what it needs; a second run sets up nothing.

PYTHON ?= python3
VENV := .venv/bin

.PHONY: synth test test-cluster proof tools benchmarks clean

synth: .venv/.installed
	$(VENV)/mistersmith-k8s synth charts/platform.yaml -o dist

test: tools
	$(VENV)/python -m tools.check

tools: .venv/.installed
	$(VENV)/python -m tools.install test

test-cluster: .venv/.installed
	$(VENV)/python -m tools.install test cluster
	$(VENV)/python -m pytest cluster

# What docs/proof.md says, measured anew.
proof: .venv/.installed
	$(VENV)/python -m tools.install test cluster
	$(VENV)/python -m pytest cluster -o junit_family=xunit1 --junitxml=.tools/proof.xml
	$(VENV)/python -m cluster.agreement --seed 1 --json .tools/proof.json
	$(VENV)/python -m cluster.report .tools/proof.xml --agreement .tools/proof.json

benchmarks: .venv/.installed
	$(VENV)/python -m tools.install test benchmarks
	$(VENV)/python -m benchmarks

clean:
	rm -rf .venv .tools

# The package alone: rendering needs no test tool, no Node, no Go. The editable mode is a plain
# path, so that a command starts as fast as one that is installed for good.
.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(VENV)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable .
	@touch $@
