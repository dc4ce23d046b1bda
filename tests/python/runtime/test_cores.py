"""A process that may use one core computes in one thread, however many cores the machine has."""

from __future__ import annotations

import os
import subprocess
import sys

import capture_models as models
import pytest

pytest.importorskip("onnxruntime")

ON_ONE_CORE = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from haoline_analysis.runtime import sessions
from haoline_analysis.runtime.source import source_of
session = sessions.Session(source_of(sys.argv[1])[0], None, "cpu", {}, capturing=False)
print(session.ort.get_session_options().intra_op_num_threads)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system ties no process to cores")
def test_threads_are_as_many_as_cores_may_be_used() -> None:
    run = [sys.executable, "-c", ON_ONE_CORE, str(models.DIGITS)]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.split() == ["1"]
