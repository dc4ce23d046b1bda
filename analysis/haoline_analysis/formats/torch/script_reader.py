"""The reader of TorchScript archives: weights by module tree, and the ops of ``forward`` from the code inside."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import UnsupportedFormatError
from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.torch.kinds import TORCHSCRIPT, kind_of
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Model


class ScriptReader:
    """Reads what ``torch.jit.save`` writes; its code is parsed and never run."""

    info = FormatInfo(
        name="torchscript",
        label="TorchScript",
        suffixes=(".pt", ".pth", ".ts", ".torchscript"),
        yields="ops without shapes, weights",
        converts={"safetensors": "partial"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether it is a zip archive that holds a TorchScript module."""
        return kind_of(source) == TORCHSCRIPT

    def read(self, source: Source, **options: Any) -> Model:
        """Open the archive; nothing in it runs.

        Raises:
            ModelError: if it is none, contradicts itself, or exceeds a bound.
        """
        refuse_options(self.info, options)
        from haoline_analysis.formats.torch.script_graph import read_script

        assert source.storage is not None
        with source.storage.buffer() as buf:
            script = read_script(buf, source.storage)
        if not script.tensors and not script.builder.ops:
            raise UnsupportedFormatError("the TorchScript archive holds neither weights nor a forward to follow")
        name = source.path.stem if source.path is not None else "model"
        common: dict[str, Any] = {
            "name": name,
            "format": self.info.name,
            "path": source.path,
            "file_bytes": source.storage.size,
            "producer": "PyTorch (TorchScript)",
            "findings": script.findings,
            "facts": {"torchscript": _facts(script.classes, script.builder.ops), "pickle": script.pickle},
        }
        if script.builder.ops:
            said = Gap("TorchScript stores no shapes, so what the ops cost is not known.")
            return script.builder.finish(outputs=script.outputs, gaps=[said, *script.gaps], **common)
        from haoline_analysis.formats.stored import stored_model

        said = Gap("The forward of this TorchScript module could not be followed, so that only its weights are shown.")
        return stored_model(tensors=script.tensors, gaps=[said, *script.gaps], **common)


def _facts(classes: Counter[str], ops: list[Any]) -> dict[str, Any]:
    """Classes of modules and types of ops, each with how many there are."""
    return {
        "classes": dict(classes.most_common(100)),
        "ops": dict(Counter(op.type for op in ops).most_common(100)),
    }
