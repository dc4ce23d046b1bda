"""A program of its own: onnx's native code on a user's file, where a crash or a hang takes nothing else along.

Run as ``python native.py infer|convert SOURCE RESULT [OPSET]``. ``infer`` writes a model that has nothing but the
types and shapes found; ``convert`` writes the model in another opset.
"""

from __future__ import annotations

import sys

CPU_SECONDS = 600


def bound(memory_bytes: int) -> None:
    """Let the system end this process where it grows or runs without end."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def infer(source: str, result: str) -> None:
    """Types and shapes of what the top-level graph makes."""
    import onnx

    model = onnx.load(source, load_external_data=False)
    found = onnx.shape_inference.infer_shapes(model)
    kept = onnx.ModelProto()
    kept.graph.value_info.extend(found.graph.value_info)
    with open(result, "wb") as file:  # noqa: PTH123 - nothing is imported that is not needed
        file.write(kept.SerializeToString())


def convert(source: str, result: str, opset: int) -> None:
    """The same model in another opset."""
    import onnx
    from onnx import version_converter

    onnx.save(version_converter.convert_version(onnx.load(source), opset), result)


if __name__ == "__main__":
    bound(int(sys.argv[1]))
    if sys.argv[2] == "infer":
        infer(sys.argv[3], sys.argv[4])
    else:
        convert(sys.argv[3], sys.argv[4], int(sys.argv[5]))
