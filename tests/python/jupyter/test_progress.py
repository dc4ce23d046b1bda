"""The bar comes late, is updated in place, and goes."""

import pytest

from haoline_jupyter.progress import NotebookSink, Progress


class Seen:
    def __init__(self):
        self.shown, self.cleared = [], 0

    def show(self, stage, fraction):
        self.shown.append((stage, fraction))

    def clear(self):
        self.cleared += 1


def test_quick_work_shows_nothing():
    seen = Seen()
    with Progress(seen) as progress:
        progress("Reading", 0.5)
    assert (seen.shown, seen.cleared) == ([], 0)


def test_long_work_shows_its_stage_and_clears_up():
    seen = Seen()
    with Progress(seen, patience=0) as progress:
        progress("Reading", 0.5)
        progress("Reading", 0.6)  # too soon after the last to be worth a message
    assert (seen.shown, seen.cleared) == ([("Reading", 0.5)], 1)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_bar_goes_when_the_work_fails(error):
    seen = Seen()

    def work():
        with Progress(seen, patience=0) as progress:
            progress("Reading", 0.5)
            raise error

    with pytest.raises(error):
        work()
    assert seen.cleared == 1


def test_a_fraction_out_of_range_is_kept_in():
    seen = Seen()
    with Progress(seen, patience=0) as progress:
        progress("Reading", 7)
    assert seen.shown == [("Reading", 1.0)]


def test_a_notebook_gets_one_display_that_is_updated(shell, monkeypatch):
    published = []
    monkeypatch.setattr(shell.display_pub, "publish", lambda **message: published.append(message))
    sink = NotebookSink()
    sink.show("Reading <b>", 0.25)
    sink.show("Counting", 0.5)
    sink.clear()
    assert len({message["transient"]["display_id"] for message in published}) == 1
    assert [bool(message.get("update")) for message in published] == [False, True, True]
    assert "<b>" not in published[0]["data"]["text/html"]
    assert published[-1]["data"] == {}
