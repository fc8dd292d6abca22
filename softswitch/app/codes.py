"""Dialled codes: what a user asks of the switch with the keys of a phone.

What can be done is done before the call is answered: taking the call and ending it says "done", a refusal says why not.
"""

from __future__ import annotations

from softswitch.app.people import People
from softswitch.calls.destinations import Attend, Confirm, Destination, Echo, Refuse
from softswitch.core.errors import CommandError
from softswitch.directory.codes import Dialled
from softswitch.directory.site import Site, User
from softswitch.queues.agents import inputs
from softswitch.queues.login_menu.guide import KIND as LOGIN_MENU
from softswitch.scenario.library import MAILBOX

_BY = "code"
_AFTER_S = 20.0
"""How long phones ring before a call that is not answered goes on; a command may name another time."""


def serve_code(people: People, site: Site, user: User, dialled: Dialled) -> Destination:
    """Do what a user's code asks for, and say what becomes of the call.

    Args:
        people: whose statuses are changed.
        site: the site in force.
        user: who dialled.
        dialled: what.
    """
    if dialled.action == "echo":
        return Echo()
    if dialled.action == "login_menu":
        return Attend(f"{LOGIN_MENU}:{user.name}")
    if dialled.action == "voicemail":
        return Attend(f"scenario:{MAILBOX}")
    try:
        if dialled.action.startswith(("forward_", "do_not_disturb")):
            people.decide(_of_forwards(user.name, dialled))
        elif dialled.action == "queues_in":
            people.decide(inputs.EnterQueues(user.name, "", _BY))
        elif dialled.action == "queues_out":
            people.decide(inputs.LeaveQueues(user.name, "", _BY))
        else:
            status = site.preset_of(user).by_code(dialled.argument)
            if status is None:
                return Refuse(404, 1, f"No status {dialled.argument}", "no-such-status")
            people.decide(inputs.ChooseStatus(user.name, status.name, _BY))
    except CommandError as error:
        return Refuse(480 if error.status == 409 else 403, 21, str(error), error.error_id)
    return Confirm()


def _of_forwards(user: str, dialled: Dialled) -> inputs.Input:
    kind = dialled.action.removeprefix("forward_").removesuffix("_off")
    if kind == "do_not_disturb":
        return inputs.RefuseCalls(user, dialled.action == kind, _BY)
    if dialled.action.endswith("_off"):
        return inputs.ClearForward(user, kind, _BY)
    return inputs.SetForward(user, kind, dialled.argument, _AFTER_S, _BY)
