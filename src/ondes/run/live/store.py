"""The event store: what was found, what is missing and how far it is, in one transaction.

SQLite in WAL mode through SQLAlchemy Core; the same tables do on PostgreSQL. A process that is
killed at any moment leaves what was committed, and nothing else; one that goes on repeats nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sql
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from ondes.errors import InputError, MissingExtraError
from ondes.events import Event, EventList
from ondes.run.live.sinks import Batch, Gap, Key, Position, SinkError
from ondes.run.monitor.alarm import Alarm, from_json, to_json

_tables = sql.MetaData()
_whole = sql.BigInteger().with_variant(sql.Integer(), "sqlite")  # SQLite numbers INTEGER alone

RUNS = sql.Table(
    "runs",
    _tables,
    sql.Column("id", _whole, primary_key=True),
    sql.Column("source", sql.Text, nullable=False),
    sql.Column("model", sql.Text, nullable=False),
    sql.Column("rate_hz", sql.Double, nullable=False),
    sql.Column("channels", sql.Integer, nullable=False),
    sql.Column("settings", sql.Text, nullable=False),
    sql.Column("started", sql.DateTime(timezone=True), nullable=False),
)
EVENTS = sql.Table(
    "events",
    _tables,
    sql.Column("id", _whole, primary_key=True),
    sql.Column("run", sql.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    sql.Column("channel", sql.Integer, nullable=False),
    sql.Column("onset", sql.BigInteger, nullable=False),
    sql.Column("offset", sql.BigInteger, nullable=False),
    sql.Column("label", sql.Text, nullable=False),
    sql.Column("score", sql.Double),
    sql.Index("each_event_once", "run", "onset", "offset", "channel", "label", unique=True),
)
GAPS = sql.Table(
    "gaps",
    _tables,
    sql.Column("id", _whole, primary_key=True),
    sql.Column("run", sql.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    sql.Column("start", sql.BigInteger, nullable=False),
    sql.Column("stop", sql.BigInteger, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
    sql.Column("noticed", sql.DateTime(timezone=True), nullable=False),
)
POSITIONS = sql.Table(
    "positions",
    _tables,
    sql.Column("run", sql.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sql.Column("taken", sql.BigInteger, nullable=False),
    sql.Column("decided", sql.BigInteger, nullable=False),
    sql.Column("restart", sql.BigInteger, nullable=False),
    sql.Column("updated", sql.DateTime(timezone=True), nullable=False),
)
ALARMS = sql.Table(
    "alarms",
    _tables,
    sql.Column("id", _whole, primary_key=True),
    sql.Column("run", sql.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    sql.Column("rule", sql.Text, nullable=False),
    sql.Column("channel", sql.Integer, nullable=False),
    sql.Column("number", sql.BigInteger, nullable=False),
    sql.Column("onset", sql.BigInteger, nullable=False),
    sql.Column("raised", sql.BigInteger, nullable=False),
    sql.Column("offset", sql.BigInteger),
    sql.Column("value", sql.Double, nullable=False),
    sql.Column("evidence", sql.Text, nullable=False),
    sql.Column("noticed", sql.DateTime(timezone=True), nullable=False),
    sql.Index("each_alarm_once", "run", "rule", "channel", "number", unique=True),
)
MONITORS = sql.Table(
    "monitors",
    _tables,
    sql.Column("run", sql.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sql.Column("state", sql.Text, nullable=False),
)


class Run(NamedTuple):
    """One stream, heard by one model in one way, however often it was interrupted."""

    source: str
    model: str
    rate_hz: float
    channels: int
    settings: str = ""


class Store:
    """A sink that loses nothing: events, gaps and position of a batch are committed together.

    A run of the same source, model and settings is gone on with, at `position`; `known` are the
    events from ``position.decided`` on that it has already, `monitor` is the state of the alarms.

    Args:
        path: of a file, made if it is not there; or an address as ``postgresql://...``.
        run: what is watched.

    Raises:
        InputError: the file is no event store, or cannot be written to.
        MissingExtraError: the driver of another database is not installed.
    """

    def __init__(self, path: str | PathLike[str], run: Run) -> None:
        self._path, self._run = path, run
        try:
            _check_ours(path)
            self._engine = _engine(path)
            with self._engine.begin() as connection:
                _tables.create_all(connection)
                self._id, self.position = _begun(connection, run)
                self.known = _known(connection, self._id, self.position)
                state = sql.select(MONITORS.c.state).where(MONITORS.c.run == self._id)
                self.monitor: str | None = connection.execute(state).scalar_one_or_none()
            self._connection = self._engine.connect()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise InputError(
                f"--store {path} cannot be used ({_reason(error)}): name another file"
            ) from error

    def write(self, batch: Batch) -> None:
        """Commit a batch, whole or not at all."""
        events = [self._event(event) for event in batch.events]
        now = _now()
        gaps = [{"run": self._id, **gap._asdict(), "noticed": now} for gap in batch.gaps]
        position = batch.position
        values = {
            "taken": position.taken,
            "decided": position.decided,
            "restart": position.restart,
            "updated": now,
        }
        try:
            with self._connection.begin():
                self._go_on(values)
                if events:
                    self._connection.execute(sql.insert(EVENTS), events)
                if gaps:
                    self._connection.execute(sql.insert(GAPS), gaps)
                self._keep_alarms(batch)
        except SQLAlchemyError as error:
            raise SinkError(
                f"{self._path} takes no more: {_reason(error)}. What was committed before is "
                f"safe, up to sample {self.position.taken}; make room, and start the same again"
            ) from error
        self.position, self.monitor = position, batch.monitor or self.monitor

    def _go_on(self, values: Mapping[str, object]) -> None:
        """Move the position from where it was left, unless somebody else has moved it."""
        left = POSITIONS.c.taken == self.position.taken
        update = sql.update(POSITIONS).where(POSITIONS.c.run == self._id, left)
        if self._connection.execute(update, values).rowcount != 1:
            raise SinkError(
                f"{self._path}: another watch writes the same run; end one of them, or name "
                "another store"
            )

    def _keep_alarms(self, batch: Batch) -> None:
        """Add what is raised, complete what is over, and keep what goes on from here."""
        for alarm in batch.alarms:
            row = {**to_json(alarm), "evidence": json.dumps(to_json(alarm)["evidence"])}
            if alarm.offset is None:
                added = sql.insert(ALARMS).values(run=self._id, noticed=_now(), **row)
                self._connection.execute(added)
            else:
                same = [ALARMS.c[name] == row[name] for name in ("rule", "channel", "number")]
                over = sql.update(ALARMS).where(ALARMS.c.run == self._id, *same)
                self._connection.execute(over.values(offset=alarm.offset, value=alarm.value))
        if batch.monitor not in (None, self.monitor):
            here = MONITORS.c.run == self._id
            self._connection.execute(sql.delete(MONITORS).where(here))
            row = {"run": self._id, "state": batch.monitor}
            self._connection.execute(sql.insert(MONITORS), row)

    def close(self) -> None:
        """Close the file; its last state is in it already."""
        self._connection.close()
        self._engine.dispose()

    def _event(self, event: Event) -> dict[str, object]:
        score = None if math.isnan(event.score) else event.score
        return {"run": self._id, **event._asdict(), "score": score}


def read(path: str | PathLike[str], *, run: int | None = None) -> EventList:
    """Return the events in a store, of its latest run or the one of this number.

    Raises:
        InputError: there is no such store, or it holds no such run.
    """
    with _opened(path) as connection:
        number, rate_hz = _found(connection, path, run)
        columns = [EVENTS.c[name] for name in Event._fields]
        rows = connection.execute(sql.select(*columns).where(EVENTS.c.run == number))
        events = [
            Event(on, off, label, channel, math.nan if score is None else score)
            for on, off, label, channel, score in rows
        ]
    return EventList.of(events, rate_hz=rate_hz)


def read_alarms(path: str | PathLike[str], *, run: int | None = None) -> list[Alarm]:
    """Return the alarms of a run in order, those that are not over without an offset.

    Raises as `read`.
    """
    with _opened(path) as connection:
        number, _ = _found(connection, path, run)
        columns = [ALARMS.c[name] for name in Alarm._fields]
        chosen = sql.select(*columns).where(ALARMS.c.run == number)
        rows = connection.execute(chosen.order_by(ALARMS.c.raised, ALARMS.c.rule, ALARMS.c.id))
        return [
            from_json({**row, "evidence": json.loads(row["evidence"])}) for row in rows.mappings()
        ]


def read_gaps(path: str | PathLike[str], *, run: int | None = None) -> list[Gap]:
    """Return the gaps in a run, in order; raises as `read`."""
    with _opened(path) as connection:
        number, _ = _found(connection, path, run)
        columns = [GAPS.c[name] for name in Gap._fields]
        chosen = sql.select(*columns).where(GAPS.c.run == number).order_by(GAPS.c.id)
        return [Gap(*row) for row in connection.execute(chosen)]


def read_runs(path: str | PathLike[str]) -> dict[int, Run]:
    """Return the runs in a store by their numbers; raises InputError where there is no store."""
    with _opened(path) as connection:
        columns = [RUNS.c[name] for name in ("id", *Run._fields)]
        rows = connection.execute(sql.select(*columns).order_by(RUNS.c.id))
        return {number: Run(*facts) for number, *facts in rows}


def _check_ours(path: str | PathLike[str]) -> None:
    """Raise InputError, having changed nothing, where a file holds the tables of something else."""
    if "://" in fspath(path) or not Path(path).is_file():
        return
    address = f"{Path(path).resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as base:
        rows = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {name for (name,) in rows}
    if names and not {RUNS.name, POSITIONS.name} <= names:
        raise InputError(f"--store {path} holds {', '.join(sorted(names))}: name another file")


def _engine(path: str | PathLike[str]) -> sql.Engine:
    address = fspath(path)
    try:
        engine = sql.create_engine(address if "://" in address else f"sqlite:///{address}")
    except ImportError as error:
        raise MissingExtraError(
            f"{address} needs {error.name}: pip install {error.name}"
        ) from error
    if engine.dialect.name == "sqlite":
        sql.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3's own
    """WAL, and on the disk what is committed: neither a crash nor a power cut takes it away."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _begun(connection: sql.Connection, run: Run) -> tuple[int, Position]:
    """Return the number of a run and where it stands, the last one like it or a new one."""
    like = [RUNS.c[name] == value for name, value in run._asdict().items()]
    fields = [POSITIONS.c[name] for name in ("run", "taken", "decided", "restart")]
    chosen = sql.select(*fields).join(RUNS).where(*like).order_by(RUNS.c.id.desc()).limit(1)
    row = connection.execute(chosen).first()
    if row:
        return row[0], Position(*row[1:])
    now = _now()
    added = sql.insert(RUNS).values(**run._asdict(), started=now).returning(RUNS.c.id)
    number: int = connection.execute(added).scalar_one()
    start = {"run": number, "taken": 0, "decided": 0, "restart": 0, "updated": now}
    connection.execute(sql.insert(POSITIONS), start)
    return number, Position()


def _known(connection: sql.Connection, run: int, position: Position) -> frozenset[Key]:
    columns = [EVENTS.c[name] for name in ("channel", "onset", "offset", "label")]
    chosen = sql.select(*columns).where(EVENTS.c.run == run, EVENTS.c.onset >= position.decided)
    return frozenset((row[0], row[1], row[2], row[3]) for row in connection.execute(chosen))


@contextmanager
def _opened(path: str | PathLike[str]) -> Iterator[sql.Connection]:
    if "://" not in fspath(path) and not Path(path).is_file():
        raise InputError(f"{path}: there is no such store")
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            yield connection
    except DatabaseError as error:
        raise InputError(f"{path} is no event store: {_reason(error)}") from error
    finally:
        engine.dispose()


def _found(
    connection: sql.Connection, path: str | PathLike[str], run: int | None
) -> tuple[int, float]:
    chosen = sql.select(RUNS.c.id, RUNS.c.rate_hz).order_by(RUNS.c.id.desc()).limit(1)
    row = connection.execute(chosen if run is None else chosen.where(RUNS.c.id == run)).first()
    if row is None:
        what = "no run" if run is None else f"no run {run}; read_runs() names those there are"
        raise InputError(f"{path} holds {what}")
    return row[0], row[1]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).split("\n", maxsplit=1)[0]
