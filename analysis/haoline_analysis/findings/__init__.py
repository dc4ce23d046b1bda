"""What a reader of the report should know: risks and chances, each with evidence and advice."""

from haoline_analysis.findings.finding import Finding
from haoline_analysis.findings.registry import find, find_stored, ranked

__all__ = ["Finding", "find", "find_stored", "ranked"]
