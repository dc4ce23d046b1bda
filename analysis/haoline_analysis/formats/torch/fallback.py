"""Modules that ``torch.export`` refuses: the ops of one run, noted by a dispatch mode, with the modules around them.

In inference mode the dispatcher hands composite ops (``linear``, ``conv2d``, ``scaled_dot_product_attention``) to a
``TorchDispatchMode`` whole, so that the ops are those an export would show. Branches and loops are as they ran.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from haoline_analysis.cost.aten import VIEWS
from haoline_analysis.errors import ModelError
from haoline_analysis.formats.torch.aten import AtenBuilder
from haoline_analysis.formats.torch.fx_noise import DROPOUTS, HANDED_ON, OFTEN
from haoline_analysis.formats.torch.live_weights import LiveWeights, dtype_name
from haoline_analysis.formats.torch.settled import settled
from haoline_analysis.model import OMITTED, Gap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from haoline_analysis.formats.torch.example_inputs import ExampleInputs
    from haoline_analysis.model import Model

_PASSING = HANDED_ON | OFTEN | DROPOUTS
"""Ops that may give back what they were given, and then say nothing about the model."""


def trace_module(module: Any, inputs: ExampleInputs, reason: str | None) -> Model:
    """The ops of one run of a module.

    Args:
        module: a ``torch.nn.Module``; on the meta device it runs without values.
        inputs: what it is called with.
        reason: why ``torch.export`` did not do; None: this way was asked for.

    Raises:
        ModelError: if the module cannot be run either.
    """
    from torch.utils import _pytree as pytree

    args, kwargs = _on_device(module, (tuple(inputs.args), dict(inputs.kwargs)))
    with settled(module) as assumed:
        recorder = _Recorder(module)
        recorder.take_inputs(args, kwargs)
        given = recorder.run(args, kwargs)
    results = [recorder.known(leaf) for leaf in pytree.tree_leaves(given) if recorder.is_tensor(leaf)]
    facts: dict[str, Any] = {"route": "hooks"}
    if reason is not None:
        facts["failed"] = reason
    return recorder.builder.finish(
        name=type(module).__name__,
        format="torch",
        outputs=results,
        producer=f"PyTorch {_version()}",
        gaps=[Gap(_said(reason))],
        facts={"export": facts},
        assumptions=[*inputs.assumptions, *assumed],
    )


def _said(reason: str | None) -> str:
    start = "" if reason is None else f"torch.export cannot take this module ({reason}). "
    return (
        f"{start}The ops are those of one run with the example inputs: sizes are fixed, and what depends on data "
        "is as it was in that run."
    )


def _version() -> str:
    import torch

    return str(torch.__version__)


def _on_device(module: Any, inputs: Any) -> Any:
    """Inputs on the meta device where the module is there; it has no values to run with."""
    import torch
    from torch.utils import _pytree as pytree

    devices = {tensor.device.type for tensor in (*module.parameters(), *module.buffers())}
    if devices != {"meta"}:
        return inputs
    return pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.to("meta"), inputs)


class _Recorder:
    """Notes every op of a run."""

    def __init__(self, module: Any) -> None:
        from torch.utils.weak import WeakIdKeyDictionary

        self.builder = AtenBuilder()
        self._module = module
        self._indices: Any = WeakIdKeyDictionary()
        self._scope: list[tuple[str, str]] = []
        stored = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
        self._weights = LiveWeights(tensor for _, tensor in stored)
        self._buffers = {id(tensor) for tensor in module.buffers()}
        self._names = {id(part): (name, type(part).__name__) for name, part in module.named_modules()}
        self._constants = 0
        for name, tensor in stored:
            if tensor not in self._indices:
                kind = "buffer" if id(tensor) in self._buffers else "initializer"
                self._indices[tensor] = self.builder.weight(name, self._weights.weight(name, tensor, kind))

    def take_inputs(self, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Make inputs of the tensors that the module is called with."""
        from torch.utils import _pytree as pytree

        for path, leaf in pytree.tree_flatten_with_path((args, kwargs))[0]:
            if self.is_tensor(leaf) and leaf not in self._indices:
                name = self._input_name(path)
                self._indices[leaf] = self.builder.input(name, dtype_name(leaf.dtype), tuple(leaf.shape))

    def _input_name(self, path: Sequence[Any]) -> str:
        """The name of a parameter of ``forward``, and where inside its value the tensor is."""
        import inspect

        try:
            names = list(inspect.signature(self._module.forward).parameters)
        except (TypeError, ValueError):
            names = []
        keys = [str(getattr(key, "key", getattr(key, "idx", key))) for key in path[1:]]
        position = getattr(path[1], "idx", None)
        if position is not None and position < len(names):
            keys[0] = names[position]
        return ".".join(keys)

    def run(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Run the module; returns what it gives.

        Raises:
            ModelError: if it raises.
        """
        import torch

        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode())
            stack.enter_context(self._following())
            stack.enter_context(composed())
            stack.enter_context(_mode(self))
            try:
                return self._module(*args, **kwargs)
            except Exception as error:  # whatever somebody's forward raises
                text = (str(error).strip().splitlines() or [""])[0][:300]
                raise ModelError(f"the module cannot be run: {type(error).__name__}: {text}") from error

    @contextmanager
    def _following(self) -> Iterator[None]:
        """Keep track of the modules that are being run."""
        from torch.nn.modules import module as modules

        before = modules.register_module_forward_pre_hook(lambda part, _: self._enter(part))
        after = modules.register_module_forward_hook(lambda part, *_: self._leave(part), always_call=True)
        try:
            yield
        finally:
            before.remove()
            after.remove()

    def _enter(self, part: Any) -> None:
        self._scope.append(self._names.get(id(part), ("", type(part).__name__)))

    def _leave(self, part: Any) -> None:
        if self._scope and self._scope[-1] == self._names.get(id(part), ("", type(part).__name__)):
            self._scope.pop()

    def is_tensor(self, value: Any) -> bool:
        """Whether it is one."""
        import torch

        return isinstance(value, torch.Tensor)

    def known(self, tensor: Any) -> int:
        """Index of a tensor; one that nothing has made becomes a constant."""
        found = self._indices.get(tensor)
        if found is None:
            self._constants += 1
            name = f"constant_{self._constants}"
            found = self.builder.weight(name, self._weights.weight(name, tensor.clone(), "constant"))
            self._indices[tensor] = found
        return int(found)

    def note(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any], given: Any) -> None:
        """Note a call."""
        from torch.utils import _pytree as pytree

        results = [leaf for leaf in pytree.tree_leaves(given) if self.is_tensor(leaf)]
        if not results:
            return
        schema = func._schema  # noqa: SLF001 - there is no public way
        library, _, name = schema.name.partition("::")
        if name in _PASSING and args and _is_same(args[0], results[0]):
            self._indices[results[0]] = self.known(args[0])
            return
        inputs, attributes = self._arguments(schema, args, kwargs)
        in_place = name.endswith("_") and not name.endswith("__")
        if in_place:
            attributes["in_place"] = True
        op_type = (name[:-1] if in_place else name) if library == "aten" else f"{library}.{name}"
        owner = self._scope[-1][0] if self._scope else ""
        label = f"{owner}/{op_type}" if owner else f"{op_type}_{len(self.builder.ops)}"
        count = len(self.builder.ops)
        outputs = [
            (f"{op_type}_{count}.{row}" if row else f"{op_type}_{count}", dtype_name(item.dtype), tuple(item.shape))
            for row, item in enumerate(results)
        ]
        if not in_place and _is_copy(name, args, results):
            attributes["copies"] = True
        made = self.builder.op(op_type, inputs, outputs, attributes, self._scope, label)
        for tensor, index in zip(results, made, strict=True):
            self._indices[tensor] = index

    def _arguments(self, schema: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[list[int], dict[str, Any]]:
        """Tensors in the order of the schema, and the other arguments by name."""
        inputs: list[int] = []
        attributes: dict[str, Any] = {}
        for place, argument in enumerate(schema.arguments):
            value = args[place] if place < len(args) else kwargs.get(argument.name)
            if self.is_tensor(value):
                inputs.append(self.known(value))
            elif "Tensor" in str(argument.type) and not isinstance(value, (bool, int, float, complex)):
                inputs += self._tensors(value)
            elif value is not None:
                attributes[argument.name] = _plain(value)
        return inputs, attributes

    def _tensors(self, value: Any) -> list[int]:
        """Indices of a list of tensors, or of one that is left out."""
        if isinstance(value, (list, tuple)):
            return [self.known(item) if self.is_tensor(item) else OMITTED for item in value]
        return [OMITTED]


@contextmanager
def composed() -> Iterator[None]:
    """Without the fused encoder layer of inference on CPU, which hides its ops in one."""
    import torch

    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _mode(recorder: _Recorder) -> Any:
    """The dispatch mode; made here so that importing this module does not import torch."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Noting(TorchDispatchMode):  # type: ignore[misc] # torch is not followed by mypy
        """Runs every op, then notes it."""

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given = func(*args, **(kwargs or {}))
            recorder.note(func, args, kwargs or {}, given)
            return given

    return Noting()


def _is_same(before: Any, after: Any) -> bool:
    """Whether a result is the tensor that was given: its elements, type and order in memory."""
    if not hasattr(before, "untyped_storage"):
        return False
    kept = before.storage_offset() == after.storage_offset() and _storage(before) == _storage(after)
    return kept and (before.dtype, before.shape, before.stride()) == (after.dtype, after.shape, after.stride())


def _storage(tensor: Any) -> Any:
    return tensor.untyped_storage()._cdata  # noqa: SLF001 - data_ptr is 0 for all meta tensors


def _is_copy(name: str, args: Sequence[Any], results: Sequence[Any]) -> bool:
    """Whether an op that may give a view of its first argument gave a copy."""
    views = name in VIEWS and args and hasattr(args[0], "untyped_storage")
    return bool(views) and _storage(args[0]) != _storage(results[0])


def _plain(value: Any) -> Any:
    """An argument as plain data."""
    import torch

    if isinstance(value, torch.dtype):
        return dtype_name(value)
    if isinstance(value, (torch.device, torch.layout, torch.memory_format)):
        return str(value).removeprefix("torch.")
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str)) else str(value)
