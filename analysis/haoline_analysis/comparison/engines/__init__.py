"""Engines beside the models they were built from, and beside each other."""

from haoline_analysis.comparison.engines.engine_pair import EngineComparison, compare_engines
from haoline_analysis.comparison.engines.expected import ExpectedEngine, expected_engine
from haoline_analysis.comparison.engines.mapping import EngineMapping, map_engine

__all__ = [
    "EngineComparison",
    "EngineMapping",
    "ExpectedEngine",
    "compare_engines",
    "expected_engine",
    "map_engine",
]
