"""The kernel's end of the link to the sidebar (docs/architecture.md, Sidebar and kernel)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_jupyter.session import Choice, session

if TYPE_CHECKING:
    from comm.base_comm import BaseComm

HELLO = "haoline.hello"
PROFILE = "haoline.profile"

NOTHING = {"profile": None, "count": 1, "precision": None}
"""What is said where nothing was chosen."""

_greetings: list[BaseComm] = []  # a comm nobody holds closes itself


def install() -> None:
    """Listen for choices, and tell the front end that this kernel can take them."""
    import comm

    import haoline_jupyter

    manager = comm.get_comm_manager()
    if PROFILE in manager.targets:
        return
    manager.register_target(PROFILE, opened)
    _greetings.append(comm.create_comm(target_name=HELLO, data={"version": haoline_jupyter.__version__}))


def remove() -> None:
    """Stop listening to new links."""
    import comm

    manager = comm.get_comm_manager()
    if PROFILE in manager.targets:
        manager.unregister_target(PROFILE, opened)
    while _greetings:
        _greetings.pop().close()


def opened(link: BaseComm, _: dict[str, Any]) -> None:
    """The front end opens a link.

    Nothing is sent here: ipykernel routes later messages of a comm to the loop that last published on
    it, so a link that the running cell has touched would wait for that cell.
    """
    link.on_msg(lambda message: link.send(answer(message["content"]["data"])))


def answer(data: Any) -> dict[str, Any]:
    """Do what a message asks: ``set`` a choice, or ``ask`` for the present one; says what came of it."""
    kind = data.get("type") if isinstance(data, dict) else None
    if kind not in ("set", "ask"):
        return {"type": "error", "message": "This kernel understands messages of type set and ask."}
    try:
        if kind == "set":
            session.set_hardware(Choice.of(data))
    except ModelError as error:
        return {"type": "error", "message": str(error)}
    return {"type": "set", **(session.choice.as_dict() if session.choice else NOTHING), **detected()}


def detected() -> dict[str, str | None]:
    """The profile of the device in this machine, by id and name; None where there is none."""
    from haoline_analysis.hardware import detect

    profile = detect().profile
    return {"detected": profile.id if profile else None, "detected_name": profile.name if profile else None}
