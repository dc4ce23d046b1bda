"""A PyTorch module against its own ONNX export and its state: the same weights, whatever the exporter called them."""

import warnings

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from haoline_analysis import analyze  # noqa: E402
from haoline_analysis.comparison import compare_weights  # noqa: E402
from haoline_analysis.errors import ModelError  # noqa: E402


class Block(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = torch.nn.LayerNorm(width)
        self.up = torch.nn.Linear(width, 3 * width, bias=False)
        self.down = torch.nn.Linear(3 * width, width)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(self.norm(x))))


class Tiny(torch.nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.embed = torch.nn.Embedding(32, width)
        self.layers = torch.nn.ModuleList([Block(width) for _ in range(2)])
        self.head = torch.nn.Linear(width, 32, bias=False)

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


@pytest.fixture(scope="module")
def module():
    torch.manual_seed(0)
    made = Tiny().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_()  # equal biases and norms would be stored once
    return made


@pytest.fixture(scope="module")
def ids():
    return torch.ones(1, 4, dtype=torch.int64)


@pytest.fixture(scope="module")
def live(module, ids):
    return analyze(module, (ids,))


@pytest.mark.parametrize("dynamo", [True, False])
def test_every_parameter_of_a_module_is_found_in_its_export(module, ids, live, tmp_path, dynamo):
    path = tmp_path / "m.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (ids,), str(path), dynamo=dynamo, verbose=False)
    found = compare_weights(live, analyze(path))
    rows = found.tensors[found.tensors["parameters"].fillna(0) > 0]
    assert len(rows) == len(list(module.parameters()))
    assert rows["other_name"].notna().all()
    assert (rows["parameters_delta"] == 0).all()
    assert found.totals.loc["parameters", "delta"] == 0
    layouts = rows.set_index("name")["changed"].dropna()
    assert set(layouts) <= {"transposed"}
    exported = {f"layers.{i}.{part}.weight" for i in range(2) for part in ("up", "down")}
    assert set(layouts.index) <= exported | {"head.weight"}


def test_a_module_and_its_saved_state(module, live, tmp_path):
    path = tmp_path / "state.pt"
    torch.save(module.state_dict(), path)
    found = compare_weights(live, analyze(path))
    assert found.counts == {"same": len(list(module.parameters())), "changed": 0, "added": 0, "removed": 0}
    name = "layers.1.up.weight"
    assert analyze(path).histogram(name).counts.tolist() == live.histogram(name).counts.tolist()


def test_a_module_without_values_has_no_histogram(ids):
    with torch.device("meta"):
        hollow = Tiny()
    report = analyze(hollow, (ids.to("meta"),))
    with pytest.raises(ModelError, match=r"meta|values"):
        report.histogram("head.weight")
