"""``/api/v1/recordings`` and ``/legs/{leg}/record/...``: recordings, their sound, and what is recorded now."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from softswitch.api.recordings_view import RecordedView, RecordingView
from softswitch.api.view import SwitchView

_API = "api"


class Access(BaseModel):
    """What a recording is wanted for."""

    model_config = ConfigDict(extra="forbid")

    how: Literal["play", "export"]
    by: str = _API


class Conversion(BaseModel):
    """The file that took a recording's place."""

    model_config = ConfigDict(extra="forbid")

    path: str


class AccessedView(BaseModel):
    """Where a recording's file lies."""

    recording: str
    path: str
    """Absolute, on the machine of the switch."""


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/recordings")
    def recordings(
        conversation_id: str = "",
        number: str = "",
        since: datetime | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Sequence[RecordingView]:
        """List recordings, the latest first; a page at a time."""
        since_s = 0.0 if since is None else since.replace(tzinfo=since.tzinfo or UTC).timestamp()
        return view.recordings(
            conversation_id=conversation_id, number=number, since_s=since_s, limit=limit, offset=offset
        )

    @routes.get("/recordings/{recording}/audio")
    async def audio(recording: str, how: Literal["play", "export"] = "play", by: str = _API) -> StreamingResponse:
        """Return a recording's sound; that is kept as a fact."""
        path = await run_in_threadpool(view.recording_file, recording)
        view.note_access(recording, by, how)
        name = path.name.removesuffix(".sealed")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(view.recorded_sound(path), media_type=kind, headers=disposition)

    @routes.post("/recordings/{recording}/access")
    async def access(recording: str, wanted: Access) -> AccessedView:
        """Tell where a recording's file lies, for programs on the same machine; that is kept as a fact."""
        path = await run_in_threadpool(view.recording_file, recording)
        view.note_access(recording, wanted.by, wanted.how)
        return AccessedView(recording=recording, path=str(path))

    @routes.delete("/recordings/{recording}")
    async def delete(recording: str, by: str = _API, why: str = "asked") -> dict[str, str]:
        """Delete a recording; that is kept as a fact."""
        await run_in_threadpool(view.recording_file, recording)
        view.note_deletion(recording, by, why)
        await run_in_threadpool(view.remove_recording_file, recording)
        return {"recording": recording}

    @routes.put("/recordings/{recording}/file")
    async def convert(recording: str, wanted: Conversion) -> dict[str, str]:
        """Say that a file of another form took the place of a recording's."""
        view.note_conversion(recording, wanted.path)
        return {"recording": recording, "path": wanted.path}

    @routes.post("/legs/{leg}/record/start")
    async def start(leg: str) -> RecordedView:
        """Record the call of a leg from now on."""
        return view.start_recording(leg)

    @routes.post("/legs/{leg}/record/stop")
    async def stop(leg: str) -> RecordedView:
        """Record it no more."""
        return view.stop_recording(leg)

    return routes
