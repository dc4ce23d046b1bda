"""The deployed graph, with every reader of a captured tensor reading the float model's tensor instead.

Where the reader takes integers, the float tensor is quantized on the tensor's own grid. Each node then exists once: its
inputs are the float model's, its output is what it makes of them alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.divergence.local.names import Readers, producers
from haoline_analysis.quantization.divergence.local.pruning import in_order, prune
from haoline_analysis.quantization.divergence.local.sameness import Sameness
from haoline_analysis.runtime.views import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.runtime.forms import Form

NCHWC = "com.microsoft.nchwc"
FED, ASKED = "haoline.float/", "haoline.read/"
"""Prefixes of the float tensors that are fed, and of what the ops read of them."""
_REORDERED = 4
"""What channels have to be a multiple of before they are reordered in blocks."""
_NARROW = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")


@dataclass(frozen=True)
class Known:
    """Element types and shapes by name; empty and None where unknown."""

    floats: Mapping[str, Form]  # outputs of the float model's session
    variant: Mapping[str, Form]  # tensors of the deployed graph

    def dtype(self, name: str) -> str:
        """Element type of a float tensor."""
        form = self.floats.get(name)
        return form.dtype if form is not None and form.dtype else "float32"

    def reshaped(self, pair: Pair) -> bool:
        """Whether neighbouring axes of the float tensor are one where it is captured."""
        first, second = self.floats.get(pair.output), self.variant.get(pair.captured)
        if first is None or second is None or first.shape is None or second.shape is None:
            return False
        return pair.transpose is None and first.shape != second.shape


@dataclass(frozen=True)
class LocalGraph:
    """A file with one output per pair that has an error of its own."""

    path: Path
    inputs: Mapping[str, str]  # graph input -> output of the float session that feeds it
    own: tuple[str, ...]  # the model's own inputs that are fed too
    outputs: Mapping[str, str]  # float tensor -> output
    exact: frozenset[str]  # float tensors whose op is the float model's own: no error is made there


def build_local(
    deployed: Path,
    target: Path,
    float_model: Model,
    pairs: Sequence[Pair],
    wanted: Sequence[Pair],
    known: Known,
) -> LocalGraph:
    """Write the local graph of ``wanted`` pairs beside the deployed one.

    Args:
        deployed: the file that onnxruntime has made of the variant.
        target: where to write; in the same folder, so that external weights are found.
        float_model: to know the ops that are the same there.
        pairs: all pairs: at each of them the float model's tensor is read.
        wanted: those whose local error is asked for.
        known: element types and shapes of the first sample.
    """
    import onnx

    proto = onnx.load(deployed, load_external_data=False)
    builder = _Builder(proto, float_model, pairs, known)
    made = builder.build(wanted)
    onnx.save(proto, target)
    fed = {node_input.name for node_input in proto.graph.input}
    inputs = {name: output for name, output in builder.fed.items() if name in fed}
    return LocalGraph(target, inputs, tuple(sorted(fed - inputs.keys())), made, frozenset(builder.exact))


class _Builder:
    def __init__(self, proto: Any, float_model: Model, pairs: Sequence[Pair], known: Known) -> None:
        self.graph = proto.graph
        self._pairs, self._known = pairs, known
        self._made_by = producers(self.graph)
        self._readers = Readers(self.graph)
        self._same = Sameness(self.graph, float_model, pairs)
        self._types = [op.type for op in float_model.ops]
        self.fed: dict[str, str] = {}
        self.exact: set[str] = set()
        self._before: list[Any] = []  # nodes that make what is read
        self._domains = {entry.domain for entry in proto.opset_import}
        self._proto = proto

    def build(self, wanted: Sequence[Pair]) -> dict[str, str]:
        """Rewire the graph; outputs by float tensor."""
        asked = {pair.name for pair in wanted}
        found: dict[str, str] = {}
        same = {pair.name: self._same.of(pair) for pair in self._pairs}
        for pair in self._pairs:
            self._rewire(pair, same=same[pair.name])
            if pair.name in asked:
                if same[pair.name] and pair.form is None:
                    self.exact.add(pair.name)
                else:
                    found[pair.name] = pair.captured
        self._import("com.microsoft", 1)
        self._finish(list(found.values()))
        return found

    def _rewire(self, pair: Pair, *, same: bool) -> None:
        """Let all readers of a captured tensor, and of what it is quantized from, read the float model's."""
        fed = FED + pair.name
        self.fed[fed] = pair.output
        maker = self._made_by.get(pair.captured)
        if maker is not None and maker.op_type == "QuantizeLinear" and pair.form is not None:
            self._before_quantizer(pair, maker, fed, same=same)
        elif maker is not None and (maker.op_type, maker.domain) == ("ReorderOutput", NCHWC):
            self._before_copy(pair, maker, fed)
        elif maker is not None and maker.op_type == "Transpose" and self._types[pair.op] != "Transpose":
            self._before_turn(pair, maker, fed)
        if self._readers.others(pair.captured, ()):
            self._readers.replace(pair.captured, self._read(pair, fed), ())

    def _before_quantizer(self, pair: Pair, maker: Any, fed: str, *, same: bool) -> None:
        """Readers of what is quantized read the float tensor; the quantizer too where no error was made before."""
        source, skipped = maker.input[0], () if same else (id(maker),)
        if pair.transpose is None and self._readers.others(source, skipped):
            kept = self._cast(fed, self._dtype(source), self._known.dtype(pair.output))
            self._readers.replace(source, kept, skipped)

    def _before_copy(self, pair: Pair, maker: Any, fed: str) -> None:
        """Readers of a tensor in blocked layout read the float tensor in that layout."""
        source, skipped = maker.input[0], (id(maker),)
        if self._readers.others(source, skipped):
            whole = self._padded(pair, fed, _attribute(maker, "channels"))
            made = self._node("ReorderInput", [whole], ASKED + source, domain=NCHWC)
            self._readers.replace(source, made, skipped)

    def _padded(self, pair: Pair, fed: str, channels: int) -> str:
        """A tensor with as many channels as ReorderInput takes; it fills up the last block with zeros itself."""
        more = -channels % _REORDERED
        if not more:
            return fed
        shape = self._known.floats[pair.output].shape if pair.output in self._known.floats else None
        margins = np.zeros((2, 4 if shape is None else len(shape)), np.int64)
        margins[1, 1] = more
        sizes = ASKED + pair.captured + "/margins"
        self._store(margins.reshape(-1), sizes)
        return self._node("Pad", [fed, sizes], ASKED + pair.captured + "/padded", domain="com.microsoft")

    def _before_turn(self, pair: Pair, maker: Any, fed: str) -> None:
        """Readers of a tensor whose axes onnxruntime moved (channels last) read the float tensor so."""
        source, skipped = maker.input[0], (id(maker),)
        if self._readers.others(source, skipped):
            inverse = [int(at) for at in np.argsort(_attribute(maker, "perm"))]
            made = self._node("Transpose", [self._read(pair, fed)], ASKED + source, perm=inverse)
            self._readers.replace(source, made, skipped)

    def _read(self, pair: Pair, fed: str) -> str:
        """What readers of the captured tensor get: the float tensor in its axes, type and grid."""
        name = fed
        if pair.transpose is not None:
            inverse = [int(at) for at in np.argsort(pair.transpose)]
            name = self._node("Transpose", [name], ASKED + pair.captured + "/axes", perm=inverse)
        if self._known.reshaped(pair):
            shape = self._node("Shape", [pair.captured], ASKED + pair.captured + "/shape")
            name = self._node("Reshape", [name, shape], ASKED + pair.captured + "/reshaped")
        if pair.form is None:
            return self._cast(name, self._dtype(pair.captured), self._known.dtype(pair.output))
        return self._quantized(pair, name)

    def _quantized(self, pair: Pair, name: str) -> str:
        form = pair.form
        assert form is not None
        wide = self._cast(name, "float32", self._known.dtype(pair.output))
        made = ASKED + pair.captured
        scale = form.scale.astype(np.float32)
        shape = () if form.per_tensor else scale.shape
        self._store(scale.reshape(shape), made + "/scale")
        self.graph.initializer.append(self._zero(form, shape, made))
        options = {} if form.axis is None or form.per_tensor else {"axis": form.axis}
        domain = "" if form.dtype in _NARROW else "com.microsoft"
        return self._node("QuantizeLinear", [wide, made + "/scale", made + "/zero"], made, domain=domain, **options)

    def _zero(self, form: Any, shape: tuple[int, ...], made: str) -> Any:
        """The zero point as an initializer of the grid's own type."""
        from onnx import helper

        values = np.broadcast_to(np.asarray(form.zero_point), shape).reshape(-1)
        numbers = [float(value) if form.dtype in _NARROW else int(value) for value in values]
        return helper.make_tensor(made + "/zero", CODES[form.dtype], shape, numbers)

    def _store(self, values: np.ndarray, name: str) -> None:
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(values, name))

    def _dtype(self, name: str) -> str:
        """Element type of a tensor of the deployed graph, "" where unknown."""
        form = self._known.variant.get(name)
        return "" if form is None else form.dtype

    def _cast(self, name: str, wanted: str, given: str = "float32") -> str:
        """The tensor in another element type, where that is known and differs."""
        if not wanted or wanted == given or not wanted.startswith(("float", "bfloat")):
            return name
        return self._node("Cast", [name], f"{name}/{wanted}", to=CODES[wanted])

    def _node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        if output not in self._made_by:
            made = helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes)
            self._made_by[output] = made
            self._before.append(made)
        return output

    def _import(self, domain: str, version: int) -> None:
        if domain not in self._domains:
            entry = self._proto.opset_import.add()
            entry.domain, entry.version = domain, version

    def _finish(self, outputs: Sequence[str]) -> None:
        """Keep what the outputs need, and give it inputs and outputs."""
        from onnx import helper

        nodes = in_order([*self._before, *self.graph.node])
        for pair in self._pairs:
            kind = CODES[self._known.dtype(pair.output)]
            self.graph.input.append(helper.make_tensor_value_info(FED + pair.name, kind, None))
        prune(self.graph, nodes, outputs)


def _attribute(node: Any, name: str) -> Any:
    """What a node says by this name."""
    from onnx import helper

    return next(helper.get_attribute_value(each) for each in node.attribute if each.name == name)
