"""What a model is made of: op categories, the module tree, repeated blocks."""

from haoline_analysis.structure.categories import categories, category
from haoline_analysis.structure.scopes import Repeat, Scopes, build_scopes

__all__ = ["Repeat", "Scopes", "build_scopes", "categories", "category"]
