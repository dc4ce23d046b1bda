"""The reader of PyTorch checkpoints: zip archives, the older layouts, and pickles of other things, which it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.torch.kinds import CHECKPOINT, SUFFIXES, kind_of

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Model


class CheckpointReader:
    """Reads what ``torch.save`` writes, without unpickling it."""

    info = FormatInfo(
        name="pytorch",
        label="PyTorch checkpoint",
        suffixes=SUFFIXES[:4],
        yields="weights; what its pickle would run",
        converts={"safetensors": "full"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether the first bytes are a pickle's, or a zip archive's that holds one."""
        return kind_of(source) == CHECKPOINT

    def read(self, source: Source, **options: Any) -> Model:
        """Open the checkpoint; nothing in it runs.

        Raises:
            ModelError: if it is none, contradicts itself, or exceeds a bound.
        """
        refuse_options(self.info, options)
        from haoline_analysis.formats.stored import stored_model
        from haoline_analysis.formats.torch.checkpoint import read_checkpoint

        assert source.storage is not None
        made = read_checkpoint(source.storage)
        return stored_model(
            name=source.path.stem if source.path is not None else "model",
            format=self.info.name,
            path=source.path,
            tensors=made.tensors,
            file_bytes=source.storage.size,
            findings=made.findings,
            gaps=made.gaps,
            facts={"pickle": made.facts},
        )
