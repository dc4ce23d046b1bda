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
        yields="weights, what its pickle would run",
        converts={"safetensors": "full"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether the first bytes are a pickle's, or a zip archive's that holds one."""
        return kind_of(source) == CHECKPOINT

    def read(self, source: Source, **options: Any) -> Model:
        """Open the checkpoint, with the config beside it; nothing in it runs.

        Args:
            source: the file.
            options: ``graph="analytic"`` for the ops that its family is known to have.

        Raises:
            ModelError: if it is none, contradicts itself, or exceeds a bound.
        """
        refuse_options(self.info, options, "graph")
        from haoline_analysis.formats.huggingface.assembling import assemble
        from haoline_analysis.formats.huggingface.checkpoint import Checkpoint
        from haoline_analysis.formats.huggingface.single import add_beside
        from haoline_analysis.formats.torch.checkpoint import read_checkpoint

        assert source.storage is not None
        made, path = read_checkpoint(source.storage), source.path
        found = Checkpoint(
            name=path.stem if path is not None else "model",
            path=path,
            tensors=made.tensors,
            gaps=made.gaps,
            findings=made.findings,
            facts={"pickle": made.facts},
        )
        found.add_shard(path.name if path is not None else "model.pt", source.storage.size, len(made.tensors))
        if path is not None:
            add_beside(found, path)
        return assemble(found, self.info.name, options.get("graph"))
