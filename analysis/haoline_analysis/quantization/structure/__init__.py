"""How integers stand for reals in a graph: their forms, the quantizers that make them, and what ops compute in."""

from haoline_analysis.quantization.structure.form import Form
from haoline_analysis.quantization.structure.forms import forms
from haoline_analysis.quantization.structure.precisions import precisions
from haoline_analysis.quantization.structure.quantizers import Quantizer, quantizers
from haoline_analysis.quantization.structure.reading import Reading
from haoline_analysis.quantization.structure.stored import stored_reals

__all__ = ["Form", "Quantizer", "Reading", "forms", "precisions", "quantizers", "stored_reals"]
