"""Ops on strings, whose shapes often depend on what the strings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import ImpossibleShapeError
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


@shape_rule("StringNormalizer")
def string_normalizer(node: Node) -> Sequence[Value]:
    """Shaped like the input, unless stop words may be dropped."""
    dims = node.shape(0)
    if not node.numbers("stopwords") or dims is None:
        return [Value("string", dims)]
    return [Value("string", (*dims[:-1], None))]


@shape_rule("StringSplit")
def string_split(node: Node) -> Sequence[Value]:
    """A new axis as long as the most substrings, which depends on the data."""
    dims = node.shape(0)
    return [Value("string", None if dims is None else (*dims, None)), Value("int64", dims)]


@shape_rule("TfIdfVectorizer")
def tf_idf(node: Node) -> Sequence[Value]:
    """One number for each of the vocabulary's n-grams."""
    dims, indexes = node.shape(0), node.integers("ngram_indexes")
    if not indexes:
        raise ImpossibleShapeError("ngram_indexes are missing")
    if dims is None:
        return [Value("float32", None)]
    return [Value("float32", (*dims[:-1], max(indexes) + 1))]


@shape_rule("Tokenizer", domain="com.microsoft")
def tokenizer(node: Node) -> Sequence[Value]:
    """A new axis as long as the most tokens, which depends on the data."""
    dims = node.shape(0)
    return [Value("string", None if dims is None else (*dims, None))]
