"""The viewers that are measured, each with what a person has to press in it."""

from .base import Subject
from .explorer import Explorer
from .haoline import HaoLine
from .netron import Netron

__all__ = ["Explorer", "HaoLine", "Netron", "Subject"]
