"""Photographs along a path of pictures that a space draws: their detail is carried by optical flow."""

from gaiamorph.detail.between import after, between
from gaiamorph.detail.flow import Flow, enlarged

__all__ = ["Flow", "after", "between", "enlarged"]
