"""What a restarted brain makes of the dialogs that an earlier one left: they go on, or are ended once more."""

from __future__ import annotations

from softswitch.calls.parting import Parting
from softswitch.calls.perform import Performer
from softswitch.calls.state import CallsState, Leg
from softswitch.calls.tables import LegState
from softswitch.sip.ua.snapshot import SessionSnapshot
from softswitch.sip.ua.user_agent import UserAgent


def restore_sessions(calls: CallsState, ua: UserAgent, performer: Performer, *, wall_s: float, now: float) -> None:
    """Make the sessions of all live legs again, and say again what may have been kept and not said.

    Args:
        calls: the folded state.
        ua: a user agent without sessions.
        performer: gets the sessions of live legs.
        wall_s: UTC.
        now: monotonic seconds.
    """
    for leg in calls.legs.values():
        if leg.dialog and (leg.is_live or leg.cancelling):
            age_s = max(0.0, wall_s - leg.dialog_at_s)
            performer.sessions[leg.leg] = ua.restore(
                performer.secrecy.restored(_snapshot_of(leg)), owner=leg.leg, now=now, age_s=age_s
            )
    for parting in calls.partings:
        _part_again(
            parting, performer.secrecy.restored(SessionSnapshot.from_values(parting.dialog)), ua, performer, now
        )


def _snapshot_of(leg: Leg) -> SessionSnapshot:
    """Complete the last snapshot: provisional answers are facts of the call and not worth a snapshot each."""
    snapshot = SessionSnapshot.from_values(leg.dialog)
    provisional = leg.alerted if leg.called_us else 180 if leg.state is LegState.RINGING else 0
    if not provisional:
        return snapshot
    early = leg.local_sdp.encode() if leg.is_caller and leg.early else b""
    return snapshot._replace(provisional=provisional, early=early)


def _part_again(parting: Parting, snapshot: SessionSnapshot, ua: UserAgent, performer: Performer, now: float) -> None:
    """End a dialog again whose end was kept a moment before the brain died.

    The phone's own BYE needs no word of ours, but its 200 when it comes again. A dialog that was lost has nobody to
    hear of it.
    """
    if parting.how == "lost":
        return
    if parting.how == "bye" and parting.by == "phone":
        ua.remember_ended(snapshot.sip_call_id, snapshot.local_tag, now=now)
    elif parting.how == "bye" or snapshot.role == "server":
        performer.part_again(parting, ua.restore(snapshot, owner=parting.leg, now=now), now)
