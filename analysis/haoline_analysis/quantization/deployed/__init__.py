"""The graph that onnxruntime really runs of a model, and sessions that hand out what happens in it."""

from haoline_analysis.quantization.deployed.deploy import Deployed, deploy

__all__ = ["Deployed", "deploy"]
