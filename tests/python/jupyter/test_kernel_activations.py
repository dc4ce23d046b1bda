"""Captures in a real kernel, message by message: shown, asked for tiles, interrupted, refused."""

import json
import queue
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel

pytest.importorskip("onnxruntime")

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
MIME, WIDGET = "application/vnd.haoline.report+json", "application/vnd.jupyter.widget-view+json"
TIMEOUT = 60
SLOW = """
import time
import numpy as np
drawn = []
def sample(index):
    drawn.append(index)
    time.sleep(0.02)
    return np.full((1, 1, 8, 8), index % 16 / 16, np.float32)
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel in a folder with a model and digits, the extension loaded."""
    folder = tmp_path_factory.mktemp("kernel")
    shutil.copy(EXAMPLES / "models/digits_dead.onnx", folder / "digits.onnx")
    shutil.copy(EXAMPLES / "digits.npz", folder / "digits.npz")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    published(client, client.execute("%load_ext haoline_jupyter"))
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def published(client, request, until=None):
    """Everything published for a request, until the kernel is idle or a message is there that is waited for."""
    found = []
    while True:
        try:
            message = client.get_iopub_msg(timeout=TIMEOUT)
        except queue.Empty:
            pytest.fail("the kernel fell silent")
        if message["parent_header"].get("msg_id") != request:
            continue
        found.append(message)
        status = message["content"].get("execution_state") if message["msg_type"] == "status" else None
        if status == "idle" or (until is not None and until(message)):
            return found


def run(client, code):
    """Run code; what it published, and the text of its result."""
    found = published(client, client.execute(code))
    texts = [m["content"]["data"]["text/plain"] for m in found if m["msg_type"] == "execute_result"]
    return found, texts[0] if texts else ""


def ask(client, model, **question):
    """Send a custom message to a widget; the answer and its buffers."""
    content = {"comm_id": model, "data": {"method": "custom", "content": {"request": 5, **question}}}
    message = client.session.msg("comm_msg", content)
    client.shell_channel.send(message)
    found = published(client, message["header"]["msg_id"])
    (answer,) = [m for m in found if m["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "custom"]
    return answer["content"]["data"]["content"], answer["buffers"]


@pytest.fixture
def model(kernel):
    """The widget of a capture that was just shown."""
    _, client = kernel
    found, _ = run(client, "captured = %haoline activations digits.onnx --input digits.npz --limit 8\ncaptured")
    (data,) = [m["content"]["data"] for m in found if m["msg_type"] == "execute_result"]
    assert set(data) == {"text/plain", "text/html", MIME, WIDGET}
    assert data[MIME]["view"] == "activations"
    opened = {m["content"]["comm_id"]: m["content"]["data"]["state"] for m in found if m["msg_type"] == "comm_open"}
    model = data[WIDGET]["model_id"]
    assert opened[model]["view_id"] == data[MIME]["view_id"]
    return model


def test_a_tile_comes_as_bytes(kernel, model):
    _, client = kernel
    _, said = run(client, "list(captured.report.tensors['name']).index('conv2d_4')")
    view = {"kind": "maps", "channels": [7, 0], "size": 64}
    answer, (codes,) = ask(client, model, type="tile", tensor=int(said), sample=1, against=None, mean=False, view=view)
    assert (answer["type"], answer["request"], answer["shape"]) == ("tile", 5, [2, 4, 4])
    assert len(codes) == 2 * 2 * 16
    _, said = run(client, "captured.load('conv2d_4', 1)[0, [7, 0]].tolist()")
    low, high = (np.array(answer[side])[:, None, None] for side in ("low", "high"))
    values = low + np.frombuffer(codes, "<u2").reshape(2, 4, 4) / 65532 * (high - low)
    np.testing.assert_allclose(values, json.loads(said), atol=1e-3)


def test_a_bad_question_gets_a_sentence_and_the_kernel_lives(kernel, model):
    _, client = kernel
    answer, _ = ask(client, model, type="tile", tensor=99_999, sample=0, view={})
    assert answer["error"] == "Tensor 99999 was not captured."
    answer, _ = ask(client, model, type="input", sample=8)
    assert "no sample 8" in answer["error"]
    assert run(client, "1 + 1")[1] == "2"


def test_a_view_made_for_display_ends_with_its_cell(kernel, model):
    _, client = kernel
    run(client, "from haoline_jupyter.session import session as haoline_session")
    assert run(client, f"{model!r} in [view.model_id for view in haoline_session.live()]")[1] == "True"
    message = client.session.msg(
        "comm_msg", {"comm_id": model, "data": {"method": "custom", "content": {"type": "gone"}}}
    )
    client.shell_channel.send(message)
    published(client, message["header"]["msg_id"])
    assert run(client, f"{model!r} in [view.model_id for view in haoline_session.live()]")[1] == "False"


def test_an_interrupt_keeps_what_is_done_and_the_kernel(kernel):
    manager, client = kernel
    run(client, SLOW)
    code = "captured = %haoline activations digits.onnx --input sample --limit 5000\nprint('shown', captured.complete)"
    request = client.execute(code)
    published(client, request, until=lambda message: "progress" in str(message["content"].get("data", {})))
    time.sleep(0.3)
    manager.interrupt_kernel()
    found = published(client, request)
    said = "".join(m["content"]["text"] for m in found if m["msg_type"] == "stream")
    assert "shown False" in said
    _, done = run(client, "captured.done, captured.done <= len(drawn) < 5000, int(captured.tensors.samples.min())")
    finished, drawn, counted = eval(done)
    assert 0 < finished == counted
    assert drawn
    assert run(client, "captured.load('relu_4', 0).shape")[1] == "(1, 32, 4, 4)"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("np.zeros((1, 1, 9, 8), np.float32)", "1×1×9×8"),
        ("np.zeros((1, 1, 8, 8), complex)", "complex"),
        ("{'picture': np.zeros((1, 1, 8, 8), np.float32)}", "picture"),
        ("{}", "image"),
        ("'words'", "words"),
    ],
)
def test_a_bad_input_is_one_line_and_the_kernel_lives(kernel, given, words):
    _, client = kernel
    found, _ = run(client, f"import numpy as np\ngiven = {given}\n%haoline activations digits.onnx --input given")
    (error,) = [m["content"] for m in found if m["msg_type"] == "error"]
    (line,) = error["traceback"]
    assert words in line
    assert "\n" not in line.strip()
    assert run(client, "1 + 1")[1] == "2"


def test_a_full_budget_says_so_and_leaves_no_half_capture(kernel):
    _, client = kernel
    line = "%haoline activations digits.onnx --input digits.npz --mode stored --folder kept --budget 400kB"
    found, _ = run(client, f"stored = {line}\nprint(stored.complete, stored.done)")
    said = "".join(m["content"].get("text", "") for m in found if m["msg_type"] == "stream")
    errors = ["\n".join(m["content"]["traceback"]) for m in found if m["msg_type"] == "error"]
    if errors:
        assert "400" in errors[0] or "budget" in errors[0]
        found, _ = run(client, "%haoline activations kept")
        assert [m for m in found if m["msg_type"] == "error"]
    else:
        assert said.startswith("False")
        _, told = run(client, "again = %haoline activations kept\nagain.done == stored.done > 0, again.complete")
        assert told == "(True, False)"
        _, told = run(client, "again.load('relu_4', again.done - 1).shape")
        assert told == "(1, 32, 4, 4)"
