"""``/api/v1/voicemail``: messages that callers left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from softswitch.api.view import SwitchView
from softswitch.api.voicemail_view import VoicemailView
from softswitch.core.errors import CommandError


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/voicemail")
    async def listed(box: str = "") -> Sequence[VoicemailView]:
        """List messages: of one box, or all."""
        return view.voicemail(box)

    @routes.get("/voicemail/{box}/{message}", response_class=FileResponse)
    async def recording(box: str, message: str) -> FileResponse:
        """Return the recording as a WAV file; the message counts as heard."""
        path = Path(view.voicemail_file(box, message))
        if not await asyncio.to_thread(path.is_file):
            raise CommandError(f"The file of {message} is gone.", status=410, error_id="file-gone", field="message")
        return FileResponse(path, media_type="audio/wav", filename=f"{message}.wav")

    @routes.delete("/voicemail/{box}/{message}", status_code=204)
    async def delete(box: str, message: str) -> None:
        """Delete a message and its recording."""
        view.delete_voicemail(box, message)

    return routes
