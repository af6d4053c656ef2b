# Everything a person or CI does here. `make help` lists the targets.

PYTHON ?= python3
CXX ?= c++
# What torch is built for: auto (the CPU unless an NVIDIA driver is found), cpu, cu130, ...
TORCH_BACKEND ?= auto
CONFIG ?= config/training/stacking.yaml
MODEL ?= models/stacking

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --constraint constraints.txt
INTERFACES := $(shell find src/control_msgs src/osil_interfaces src/tf2_msgs src/ros_wheels.cmake -type f)

# Nodes keep real time, so they do not share the machine with tests that compute, only with each other's waiting.
NODE_TESTS := test/ros test/benchmarks/test_with_nodes.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo page test train evaluate reproduce docs lint clean no-sourced-ros

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.interfaces  ## make .venv with everything in it (the other targets do this by themselves)

demo: setup  ## teach a task once and imitate it, into demo_output/ (GUI=1 for a window, SEED=3, TASK="ab cd +e", ROBOT=panda)
	$(BIN)/python -m osil.ros demo $(if $(SEED),--seed $(SEED)) $(if $(TASK),--task "$(TASK)") $(if $(ROBOT),--robot $(ROBOT)) $(if $(GUI),--gui)

page: setup  ## everything in simulation, with a page in the browser to teach and imitate (Ctrl-C ends it)
	$(BIN)/python -m osil.ros.page

# The networks are small: threads that wait for each other cost more than they bring, above all on a busy machine.
test evaluate: export OMP_NUM_THREADS := 1
test: setup  ## run all tests (ARGS="-k name" to choose)
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest --numprocesses auto $(addprefix --ignore=,$(NODE_TESTS))
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(NODE_TESTS)
endif

train: setup  ## train a stacking policy into runs/ (CONFIG=config/training/..., RESUME=1 to go on)
	$(BIN)/osil train $(CONFIG) --output runs/$(basename $(notdir $(CONFIG))) $(if $(RESUME),--resume)

evaluate: setup  ## judge a policy on the test tasks in PyBullet (MODEL=models/stacking, ARGS="--max-blocks 5")
	$(BIN)/osil evaluate $(MODEL) $(ARGS)

reproduce: setup  ## make published tables and figures anew (WHAT=particle, stacking, ..., ARGS="--recipe better")
	$(BIN)/osil reproduce $(or $(WHAT),particle) $(ARGS)

docs: setup  ## build the site: build/docs/index.html
	$(BIN)/sphinx-build -c docs --fail-on-warning --keep-going --quiet . build/docs

lint: setup  ## check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove .venv and what was built
	rm -rf $(VENV) build demo_output page_output src/*.egg-info

# The wheels and a distribution in one process clash, so this is asked every time.
no-sourced-ros:
	@test -z "$(ROS_DISTRO)$(filter-out $(CURDIR)/$(VENV),$(AMENT_PREFIX_PATH))" || { echo "ROS 2 $(ROS_DISTRO) is sourced and must not mix with the \
	wheels in $(VENV): use 'colcon build' as in README.md, or run make in a shell where it is not sourced." >&2; exit 1; }

define CHECK_MACHINE
@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || \
  { echo "osil needs Python 3.10 to 3.13 as $(PYTHON); choose another with: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null || \
  { echo "osil needs Python's venv and headers; on Debian and Ubuntu: apt install python3-venv python3-dev" >&2; exit 1; }
@command -v $(CXX) >/dev/null || \
  { echo "osil needs a C++ compiler to build its ROS messages; on Debian and Ubuntu: apt install g++" >&2; exit 1; }
@test -z "$(word 2,$(CURDIR))" || \
  { echo "the path of this folder has a space, which neither make nor the programs in $(VENV) can bear: move it" >&2; exit 1; }
@test "$$(uname -sm)" = "Linux x86_64" || \
  { echo "the ROS 2 wheels exist for Linux x86_64 only; elsewhere install ROS 2 and use colcon as in README.md" >&2; exit 1; }
endef

# An editable installation puts nothing where ROS tools look, so the package is entered here: marker, share/ and lib/.
define INDEX_PACKAGE
@mkdir -p $(VENV)/share/ament_index/resource_index/packages $(VENV)/lib/osil_bringup
@cp resource/osil_bringup $(VENV)/share/ament_index/resource_index/packages/
@ln -sfn $(CURDIR) $(VENV)/share/osil_bringup
@for node in scripts/*_node; do \
  { echo '#!$(CURDIR)/$(BIN)/python'; tail -n +2 $$node; } > $(VENV)/lib/osil_bringup/$${node##*/} && \
  chmod +x $(VENV)/lib/osil_bringup/$${node##*/}; done
endef

# numpy comes first because pybullet, where it has no wheel (Python 3.12 and 3.13), is built with it.
$(VENV)/.installed: constraints.txt setup.py scripts/node | no-sourced-ros
	$(CHECK_MACHINE)
	@echo "== 1/4 virtual environment $(VENV)"
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --quiet setuptools scikit-build-core uv numpy
	@echo "== 2/4 torch (uv knows where the builds without CUDA are, which saves 2 GB)"
	UV_HTTP_RETRIES=1 $(BIN)/uv pip install --python $(BIN)/python --torch-backend $(TORCH_BACKEND) \
	  --constraint constraints.txt torch || { echo "out of reach; pip's own sources serve"; $(PIP_INSTALL) torch; }
	@echo "== 3/4 ROS 2 and the other dependencies"
	$(PIP_INSTALL) --no-build-isolation --editable '.[ros,arms,fetch,tracker,export,planning,page,docs,dev,test]'
	$(INDEX_PACKAGE)
	@touch $@

$(VENV)/.interfaces: $(VENV)/.installed $(INTERFACES)
	@echo "== 4/4 building osil_interfaces, and what is needed of control_msgs and tf2_msgs (a minute or two)"
	$(PIP_INSTALL) --no-deps --no-build-isolation ./src/control_msgs ./src/osil_interfaces ./src/tf2_msgs
	@touch $@
