"""The training loop: the only one."""

from __future__ import annotations

import copy
import json
import math
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from gaiamorph.data import Dataset
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS, Batch, Model, Step
from gaiamorph.output import figures
from gaiamorph.output.folders import refuse_existing
from gaiamorph.space import FILE as SPACE_FILE
from gaiamorph.space import LatentSpace
from gaiamorph.training import augment, checkpoint, log
from gaiamorph.training.finish import held_out, make_space, reconstruction_errors
from gaiamorph.training.progress import Display
from gaiamorph.training.sampler import Sampler, generator_of
from gaiamorph.training.settings import FILE as CONFIG_FILE
from gaiamorph.training.settings import TrainSettings, settled, to_dict, to_yaml
from gaiamorph.training.watch import Watch
