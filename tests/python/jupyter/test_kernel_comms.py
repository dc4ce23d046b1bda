"""The sidebar's link to a real kernel, message by message."""

import queue
import uuid

import pytest
from jupyter_client.manager import start_new_kernel
from report_models import mlp, saved

TIMEOUT = 60


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel in a folder with a model, the extension loaded, and what loading it published."""
    folder = tmp_path_factory.mktemp("kernel")
    saved(mlp(), folder / "mlp.onnx")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    yield client, run(client, "%load_ext haoline_jupyter")
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    """Run code and return the messages it published."""
    return published(client, client.execute(code))


def published(client, request):
    """Everything published for a request, until the kernel is idle."""
    found = []
    while True:
        try:
            message = client.get_iopub_msg(timeout=TIMEOUT)
        except queue.Empty:
            pytest.fail("the kernel fell silent")
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return found
        found.append(message)


def send(client, kind, content):
    """Send a comm message and return what the kernel published for it."""
    message = client.session.msg(kind, content)
    client.shell_channel.send(message)
    return published(client, message["header"]["msg_id"])


def test_the_kernel_says_hello_and_its_version(kernel):
    _, messages = kernel
    opened = [m["content"] for m in messages if m["msg_type"] == "comm_open"]
    assert [content["target_name"] for content in opened] == ["haoline.hello"]
    assert opened[0]["data"]["version"]


def test_a_report_is_shown_as_a_live_widget_beside_the_forms_that_need_no_kernel(kernel):
    client, _ = kernel
    shown = run(client, "%haoline mlp.onnx")
    (data,) = (m["content"]["data"] for m in shown if m["msg_type"] == "execute_result")
    assert set(data) == {
        "text/plain",
        "text/html",
        "application/vnd.haoline.report+json",
        "application/vnd.jupyter.widget-view+json",
    }
    opened = {m["content"]["comm_id"] for m in shown if m["msg_type"] == "comm_open"}
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] in opened


def test_a_choice_updates_the_shown_reports_and_is_echoed(kernel):
    client, _ = kernel
    shown = run(client, "for _ in range(2):\n    display(get_ipython().run_line_magic('haoline', 'mlp.onnx'))")
    widgets = {m["content"]["comm_id"] for m in shown if m["msg_type"] == "comm_open"}  # and their layouts
    link = uuid.uuid4().hex
    assert not [
        m
        for m in send(client, "comm_open", {"comm_id": link, "target_name": "haoline.profile", "data": {}})
        if m["msg_type"] == "comm_msg"
    ]
    data = {"type": "set", "profile": "a100-sxm-80", "count": 2, "precision": "fp16"}
    replies = send(client, "comm_msg", {"comm_id": link, "data": data})
    echo = next(m["content"]["data"] for m in replies if m["content"].get("comm_id") == link)
    assert {key: echo[key] for key in data} == data
    updated = {
        m["content"]["comm_id"] for m in replies if "overlay" in str(m["content"].get("data", {}).get("buffer_paths"))
    }
    assert len(widgets & updated) == 2


def test_running_a_cell_again_closes_its_widget(kernel):
    client, _ = kernel

    def execute():
        message = client.session.msg("execute_request", {"code": "%haoline mlp.onnx", "silent": False})
        message["metadata"] = {"cellId": "cell-1"}
        client.shell_channel.send(message)
        return published(client, message["header"]["msg_id"])

    first = {m["content"]["comm_id"] for m in execute() if m["msg_type"] == "comm_open"}
    closed = {m["content"]["comm_id"] for m in execute() if m["msg_type"] == "comm_close"}
    assert first & closed
