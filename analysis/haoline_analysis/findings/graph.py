"""Rules about how ops are connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import Facts, count, listed
from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEP = 32
JOINS = ("Add", "Sum", "Concat", "Mul")
PYTORCH_JOINS = ("add", "cat", "mul")


def deep_without_skips(facts: Facts) -> Iterator[Finding]:
    """Many weight layers in one line: no Add, Concat or gate joins two activations."""
    layers = [index for index in facts.macs.nonzero()[0].tolist() if _has_weights(facts, index)]
    if len(layers) < DEEP or any(domain == "com.microsoft" for domain, _, _ in facts.kinds):
        return
    joins = [*facts.of(*JOINS), *facts.of_pytorch(*PYTORCH_JOINS)]
    if any(len(set(facts.activations(facts.model.ops[index]))) > 1 for index in joins):
        return
    yield Finding(
        "deep-without-skips",
        "warning",
        "Very deep without skip connections",
        listed(layers),
        f"{len(layers)} weight layers in sequence, no residual add, concatenation or gate",
        "Gradients vanish when fine-tuning and quantization noise adds up; consider a residual architecture.",
    )


def _has_weights(facts: Facts, index: int) -> bool:
    return any(facts.is_weight(tensor) for tensor in facts.model.ops[index].inputs[1:])


def unused_inputs(facts: Facts) -> Iterator[Finding]:
    """Inputs that no op reads."""
    tensors = facts.model.tensors
    idle = [tensors[t].name for t in facts.model.inputs if not tensors[t].consumers and t not in facts.kept]
    if idle:
        yield Finding(
            "unused-inputs",
            "warning",
            "Inputs that nothing reads",
            (),
            f"{count(len(idle), 'input')}: {', '.join(idle[:6])}",
            "Callers must still feed them; drop them on export, or check that the export did not lose a branch.",
        )


def unused_outputs(facts: Facts) -> Iterator[Finding]:
    """Ops whose results nobody reads."""
    used = [bool(tensor.consumers) for tensor in facts.model.tensors]
    for tensor in facts.kept:
        if tensor >= 0:
            used[tensor] = True
    used.append(False)  # what OMITTED, -1, points at
    outputs = [op.outputs for op in facts.model.ops]
    dead = [i for i, made in enumerate(outputs) if made and not used[made[0]] and not any(used[t] for t in made)]
    if dead:
        kinds = sorted({facts.model.ops[index].type for index in dead})
        yield Finding(
            "dead-ops",
            "info",
            "Ops whose results nothing reads",
            listed(dead),
            f"{count(len(dead), 'op')}: {', '.join(kinds[:6])}",
            "PyTorch computes them all the same; torch.compile drops them."
            if facts.is_pytorch
            else "Runtimes remove them when loading; onnxsim or onnxslim removes them from the file.",
        )


def inverse_pairs(facts: Facts) -> Iterator[Finding]:
    """Transpose after Transpose, Cast after Cast, Reshape after Reshape."""
    for kind in ("Transpose", "Cast", "Reshape"):
        rows = [row for index in facts.of(kind) for row in _pair(facts, index)]
        if rows:
            yield Finding(
                f"repeated-{kind.lower()}",
                "info",
                f"{kind} directly after {kind}",
                listed(rows),
                f"{count(len(set(rows)), 'op')} in such pairs",
                _PAIR_ADVICE[kind],
            )


_PAIR_ADVICE = {
    "Transpose": "Each moves the whole tensor: merge the permutations, or keep one layout through the block.",
    "Cast": "Converting back and forth costs bandwidth and may lose precision: convert once.",
    "Reshape": "One Reshape does; harmless, but a sign of an export that was not simplified.",
}


def _pair(facts: Facts, index: int) -> tuple[int, ...]:
    """The op and the one of its type before it, where that one has no other reader."""
    op = facts.model.ops[index]
    before = facts.producer(op.inputs[0]) if op.inputs else -1
    if before < 0 or facts.model.ops[before].type != op.type or len(facts.readers(facts.model.ops[before])) != 1:
        return ()
    return (before, index)
