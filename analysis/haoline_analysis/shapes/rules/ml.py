"""Classical machine learning: ai.onnx.ml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.model import Weight
from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

ML = "ai.onnx.ml"


def _batch(node: Node) -> Dim:
    dims = node.shape(0)
    if dims is None:
        return None
    return dims[0] if len(dims) > 1 else 1


def _classified(node: Node, classes: Dim) -> Sequence[Value]:
    labels = "string" if _strings(node) else "int64"
    return [Value(labels, (_batch(node),)), Value("float32", (_batch(node), classes))]


def _strings(node: Node) -> int:
    return node.numbers("classlabels_strings")


def _classes(node: Node) -> int:
    return _strings(node) or node.numbers("classlabels_int64s") or node.numbers("classlabels_ints")


@shape_rule("Scaler", "Normalizer", domain=ML)
def scaled(node: Node) -> Sequence[Value]:
    """Shaped like the input, in float32."""
    return [node.same(dtype="float32")]


@shape_rule("LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier", domain=ML)
def classifier(node: Node) -> Sequence[Value]:
    """A label per row and a score per class."""
    return _classified(node, _classes(node) or None)


@shape_rule("LinearRegressor", domain=ML)
def linear_regressor(node: Node) -> Sequence[Value]:
    """One column per target."""
    return [Value("float32", (_batch(node), node.integer("targets", 1)))]


@shape_rule("SVMRegressor", domain=ML)
def svm_regressor(node: Node) -> Sequence[Value]:
    """One number per row."""
    return [Value("float32", (_batch(node), 1))]


@shape_rule("TreeEnsembleRegressor", "TreeEnsemble", domain=ML)
def trees(node: Node) -> Sequence[Value]:
    """One column per target."""
    dtype = node.dtype() if node.op.type == "TreeEnsemble" else "float32"
    return [Value(dtype, (_batch(node), node.integer("n_targets", 1)))]


@shape_rule("LabelEncoder", domain=ML)
def label_encoder(node: Node) -> Sequence[Value]:
    """Shaped like the input, of the type of the values."""
    return [node.same(dtype=_label_type(node))]


def _label_type(node: Node) -> str:
    names = {"values_strings": "string", "values_int64s": "int64", "values_floats": "float32"}
    for name, dtype in names.items():
        if node.given(name):
            return dtype
    table = node.attributes.get("values_tensor")
    if isinstance(table, Weight):
        return table.dtype
    return "int64" if node.dtype() == "string" else "string"


@shape_rule("CategoryMapper", domain=ML)
def category_mapper(node: Node) -> Sequence[Value]:
    """Strings to integers, or back."""
    return [node.same(dtype="int64" if node.dtype() == "string" else "string")]


@shape_rule("OneHotEncoder", domain=ML)
def one_hot_encoder(node: Node) -> Sequence[Value]:
    """A new axis with one number per category."""
    dims = node.shape(0)
    count = node.numbers("cats_int64s") or node.numbers("cats_strings")
    return [Value("float32", None if dims is None else (*dims, count))]


@shape_rule("ArrayFeatureExtractor", domain=ML)
def feature_extractor(node: Node) -> Sequence[Value]:
    """The chosen columns."""
    dims, chosen = node.shape(0), node.shape(1)
    if dims is None or not dims:
        return [Value(node.dtype(), None)]
    count: Dim = 1
    for dim in chosen or (None,):
        count = None if count is None or dim is None else count * dim
    return [Value(node.dtype(), (*(dims[:-1] or (1,)), count))]


@shape_rule("FeatureVectorizer", domain=ML)
def feature_vectorizer(node: Node) -> Sequence[Value]:
    """All inputs side by side."""
    widths = node.integers("inputdimensions")
    if widths is None:
        raise ImpossibleShapeError("inputdimensions are missing")
    return [Value("float32", (_batch(node), sum(widths)))]


@shape_rule("ZipMap", domain=ML)
def zip_map(node: Node) -> Sequence[Value]:
    """A dictionary per row."""
    key = "string" if _strings(node) else "int64"
    return [Value("sequence", (_batch(node),), None, Value(f"map({key}, float32)", None))]


@shape_rule("DictVectorizer", domain=ML)
def dict_vectorizer(node: Node) -> Sequence[Value]:
    """One number per word of the vocabulary."""
    count = node.numbers("string_vocabulary") or node.numbers("int64_vocabulary")
    return [Value(node.dtype().rpartition(", ")[2].removesuffix(")"), (1, count))]


@shape_rule("CastMap", domain=ML)
def cast_map(node: Node) -> Sequence[Value]:
    """A dictionary as a row; its length depends on the data unless it is sparse."""
    dtype = {"TO_FLOAT": "float32", "TO_STRING": "string", "TO_INT64": "int64"}.get(node.string("cast_to", "TO_FLOAT"))
    width = node.integer("max_map", 1) if node.string("map_form", "DENSE") == "SPARSE" else None
    return [Value(dtype or "", (1, width))]
