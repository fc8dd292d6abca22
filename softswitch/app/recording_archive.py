"""The recordings that there are: the rows of the database and the files that they name. Used beside the brain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, literal, select, union_all
from sqlalchemy.exc import SQLAlchemyError

from softswitch.api.recordings_view import RecordingView
from softswitch.app.key_file import ensure_key
from softswitch.app.recording_forms import all_files_of
from softswitch.app.sealed_files import KEY_FILE, SUFFIX, opened_pieces, plain_file
from softswitch.core.clock import iso_utc
from softswitch.core.errors import CommandError
from softswitch.media.recorder.about import forget_about
from softswitch.storage.record_store import database_file
from softswitch.storage.schema import CONVERSATIONS, LEGS, QUEUE_ENTRIES, RECORDINGS

_PIECE_OCTETS: Final = 1 << 18
MOST: Final = 1000


class RecordingArchive:
    """Reads what is kept; changes nothing.

    Args:
        directory: the storage directory.
        database: a SQLAlchemy URL; empty: the embedded database.
    """

    def __init__(self, directory: Path, database: str = "") -> None:
        self._directory = directory
        self._database = database

    def listed(
        self, *, conversation_id: str = "", number: str = "", since_s: float = 0.0, limit: int = 100, offset: int = 0
    ) -> list[RecordingView]:
        """List recordings that were not deleted, the latest first.

        Args:
            conversation_id: only this one's.
            number: only of calls from or to this number.
            since_s: only those that began since then, wall time.
            limit: so many at most.
            offset: leave so many out first.

        Raises:
            CommandError: the database cannot be read.
        """
        query = (
            self._query()
            .where(RECORDINGS.c.deleted_at.is_(None), RECORDINGS.c.started_at.is_not(None))
            .order_by(RECORDINGS.c.started_at.desc(), RECORDINGS.c.recording.desc())
            .limit(min(limit, MOST))
            .offset(offset)
        )
        if conversation_id:
            query = query.where(RECORDINGS.c.conversation_id == conversation_id)
        if number:
            query = query.where((CONVERSATIONS.c.from_number == number) | (CONVERSATIONS.c.to_number == number))
        if since_s:
            query = query.where(RECORDINGS.c.started_at >= since_s)
        return self._rows(query)

    def find(self, recording: str) -> RecordingView:
        """Return one recording.

        Raises:
            CommandError: there is none of that name, or it was deleted.
        """
        query = self._query().where(RECORDINGS.c.recording == recording, RECORDINGS.c.deleted_at.is_(None))
        found = self._rows(query)
        if not found:
            text = f"There is no recording {recording}. See: softswitch recordings list"
            raise CommandError(text, status=404, error_id="unknown-recording", field="recording")
        return found[0]

    def marks(self) -> dict[str, set[tuple[str, str]]]:
        """Return by what rules may name recorded conversations: kind and name of users, queues, trunks, numbers, by id.

        Raises:
            CommandError: the database cannot be read.
        """
        own, entries = CONVERSATIONS.c, QUEUE_ENTRIES.c
        query = union_all(
            select(LEGS.c.conversation_id, literal("user"), LEGS.c.user_name),
            select(entries.conversation_id, literal("queue"), entries.queue),
            select(entries.callback_conversation_id, literal("queue"), entries.queue),
            select(own.conversation_id, literal("trunk"), own.trunk),
            select(own.conversation_id, literal("number"), own.from_number),
            select(own.conversation_id, literal("number"), own.to_number),
        )
        recorded = select(RECORDINGS.c.conversation_id).where(RECORDINGS.c.deleted_at.is_(None))
        named = query.subquery("named")
        found: dict[str, set[tuple[str, str]]] = {}
        for conversation_id, kind, name in self._read(select(named).where(named.c.conversation_id.in_(recorded))):
            if conversation_id and name:
                found.setdefault(conversation_id, set()).add((kind, name.removeprefix("+")))
        return found

    def file_of(self, found: RecordingView) -> Path:
        """Return a recording's file.

        Raises:
            CommandError: it is not there.
        """
        path = self._directory / found.path
        if not path.is_file():  # another form takes its place at this moment, perhaps
            others = (one for one in all_files_of(path) if one.is_file() and not one.name.startswith("."))
            path = next(others, path)
        if not path.is_file():
            text = f"The file {path} of this recording is not there."
            raise CommandError(text, status=410, error_id="recording-gone", field="recording")
        return path

    def sound_of(self, path: Path) -> Iterator[bytes]:
        """Return what a file holds, opened where it is sealed, a piece at a time.

        Raises:
            CommandError: it cannot be opened.
        """
        if path.suffix == SUFFIX:
            yield from opened_pieces(path, ensure_key(self._directory / KEY_FILE))
            return
        with path.open("rb") as file:
            while piece := file.read(_PIECE_OCTETS):
                yield piece

    @contextmanager
    def plain(self, path: Path) -> Iterator[Path]:
        """Give a file that any program can read, for the length of a block.

        Raises:
            CommandError: it cannot be opened.
        """
        if path.suffix != SUFFIX:
            yield path
            return
        with plain_file(path, ensure_key(self._directory / KEY_FILE)) as plain:
            yield plain

    def remove(self, recording: str) -> None:
        """Remove a recording's file and what was told beside it of that file; one that is not there is fine.

        Raises:
            CommandError: the system refuses.
        """
        for found in self._rows(self._query().where(RECORDINGS.c.recording == recording)):
            path = self._directory / found.path
            try:
                for one in (path, *all_files_of(path)):
                    one.unlink(missing_ok=True)
                forget_about(path, found.conversation_id)
            except OSError as error:
                text = f"{path} cannot be removed: {error.strerror}"
                raise CommandError(text, status=500, error_id="not-removed", field="recording") from error

    @staticmethod
    def _query() -> Any:  # noqa: ANN401  # as below
        return select(RECORDINGS, CONVERSATIONS.c.from_number, CONVERSATIONS.c.to_number).join(
            CONVERSATIONS, CONVERSATIONS.c.conversation_id == RECORDINGS.c.conversation_id, isouter=True
        )

    def _rows(self, query: Any) -> list[RecordingView]:  # noqa: ANN401  # SQLAlchemy's select of many columns
        return [self._archived(row._mapping) for row in self._read(query)]

    def _read(self, query: Any) -> Sequence[Any]:  # noqa: ANN401  # as above
        if not self._database and not database_file(self._directory).exists():
            return []
        engine = self._engine()
        try:
            with engine.connect() as connection:
                return connection.execute(query).fetchall()
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise CommandError(f"The records cannot be read: {cause}", status=503, error_id="no-records") from error
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        if self._database:
            return create_engine(self._database)
        return create_engine(f"sqlite:///file:{database_file(self._directory)}?mode=ro&uri=true")

    def _archived(self, row: Any) -> RecordingView:  # noqa: ANN401  # a row's mapping
        path = self._directory / (row["path"] or "")
        return RecordingView(
            row["recording"],
            row["conversation_id"],
            row["kind"] or "",
            row["path"] or "",
            iso_utc(row["started_at"]),
            row["started_by"] or "",
            "" if row["ended_at"] is None else iso_utc(row["ended_at"]),
            row["ended_by"] or "",
            row["seconds"] or 0.0,
            row["gaps"] or 0,
            row["missing_s"] or 0.0,
            row["trouble"] or "",
            row["from_number"] or "",
            row["to_number"] or "",
            path.stat().st_size if path.is_file() else 0,
        )
