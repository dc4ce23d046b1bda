"""All views together stay small: they travel to pages that have no extension, and into every exported page."""

import gzip

import pytest

from haoline_jupyter import assets

LIMIT = 250_000
STUB_LIMIT = 3_000


@pytest.fixture
def built():
    try:
        return assets.views()
    except assets.MissingAssetsError as error:
        pytest.skip(str(error))


def test_all_views_stay_below_250_kb_gzipped(built):
    size = len(gzip.compress(built.module.encode())) + len(gzip.compress(built.style.encode()))
    assert size <= LIMIT, f"{size:,} bytes"


def test_what_each_saved_view_carries_is_a_stub(built):
    size = len(assets.read("stub.js").encode())
    assert size <= STUB_LIMIT, f"{size:,} bytes"
