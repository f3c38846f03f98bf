"""The job that erases: what tombstones took away goes from every surface, each is looked through, then it is certified.

docs/erasure.md has the steps; any of them may be done twice, so a job that was cut off does all of them again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from catalog_sql import named_queries
from server.catalog.datasets import Dataset, checked_name, existing_dataset
from server.certificates.certificate import Erased, Examined
from server.certificates.certificates import Certificates
from server.certificates.finding import Finding, Verdict
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.erasing.cascading import end_tombstones, mark_erased, remove_rows, tables_with_key
from server.erasing.collecting import Documents, collected
from server.erasing.pending import Pending
from server.erasing.plan import Phase, Plan
from server.erasing.surface import Surface
from server.erasing.surfaces.derived import derived_surfaces
from server.erasing.traces import Traces
from server.erasure.deleted import deleted_table
from server.erasure.keys import first_key_column
from server.errors import Conflict, LakehouseError
from server.jobs.job import Job
from server.logs import logger

SQL = named_queries("queries/erasing.sql")
KIND, CASCADE = "erase", "erase_cascade"  # kinds of jobs; the second goes into derived tables
QUIET_WAIT_S = 60.0  # for the server's own threads to leave the lake
CONFLICT_TRIES = 5
RETRY_WAIT_S = 0.2
CERTIFIED = "erased and certified before"
FAILED = "looking through it failed: {code}"
SHORT = "{count} values of less than 8 bytes are not looked for here"
# Surfaces that count something else than texts, or compare short ones as values.
WITHOUT_TEXTS = frozenset(
    {"dataset", "deleted rows", "snapshots", "lake files", "hot cache", "other servers", "other datasets"}
)

Told = Callable[[str], None]
Holding = Callable[[], AbstractContextManager[object]]

_log = logger("erasure")


def _nobody(step: str) -> None:
    """Who listens where nobody does."""


@dataclass(frozen=True)
class Around:
    """What an erasure needs of others. documents: those of the deleted rows, by index. still: each keeps one user of
    the lake out of it while files are removed, in their order. moved: the deleted rows are gone from the lake. done:
    the certificate is written."""

    documents: Documents
    still: tuple[Holding, ...]
    moved: Callable[[], None]
    done: Callable[[Traces], None]


class Erasing:
    """told: called with the name of each step once it is done; a test ends the process there."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        around: Around,
        pending: Pending,
        certificates: Certificates,
        told: Told = _nobody,
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._around = around
        self._pending = pending
        self._certificates = certificates
        self.told = told

    def work(self, job: Job) -> str:
        """`erase`, with all snapshots kept that it does not expire itself."""
        with self._engine.history:
            return self._erased(job)

    def _erased(self, job: Job) -> str:
        """Erase what waits in the dataset that is the job's subject; the message of success.

        Raises NotFound if nothing waits, Unavailable if the lake can't be had alone, and what surfaces raise.
        """
        started, dataset = datetime.now(UTC), self._dataset(job.subject)
        if self._engine.read(lambda cursor: self._certificates.has(cursor, job.id)):
            self._pending.remove(job.id)  # all that an earlier try had left to do
            return CERTIFIED
        job.total = 2 * len(self._plan)
        job.done = 0
        examined: dict[str, Examined] = {}
        counts: dict[str, int] = {}
        with self._alone_in(job, dataset):
            traces = self._begin(job, dataset)
            self._erase(Phase.INDEXES, traces, counts, job)
            self._remove_rows(job, dataset, traces)
        self._erase_derived(traces, counts, job)
        self._erase(Phase.OPEN, traces, counts, job)
        with ExitStack() as alone:
            for still in self._around.still:
                alone.enter_context(still())
            alone.enter_context(self._engine.quiet.alone(QUIET_WAIT_S))
            self._erase(Phase.QUIET, traces, counts, job)
            traces = replace(traces, snapshot=self._snapshot())
            self._scan(Phase.QUIET, traces, counts, examined, job)
        self._scan(Phase.AFTER, traces, counts, examined, job)
        self._scan_derived(traces, counts, examined, job)
        return self._certify(job, traces, list(examined.values()), started)

    def _dataset(self, name: str) -> Dataset:
        """One that is gone may have deleted rows still."""
        schema, table = checked_name(name)
        return existing_dataset(self._engine, schema, table) or Dataset(schema, table, "gone")

    @contextmanager
    def _alone_in(self, job: Job, dataset: Dataset) -> Iterator[None]:
        """Keep other writers out of the dataset, and of the tables in which rows of it are erased."""
        tables = {f"{dataset.schema}.{dataset.table}".lower()}
        if job.kind == CASCADE:
            tables |= {f"{t.schema}.{t.table}".lower() for t in self._engine.read(lambda c: _followed(c, dataset))}
        with ExitStack() as held:
            for table in sorted(tables):
                held.enter_context(self._engine.locks.holding(table, job.must_stop))
            yield

    def _begin(self, job: Job, dataset: Dataset) -> Traces:
        """Collect the traces, and put them where the next try finds them: afterwards nothing else tells of them."""

        earlier = self._pending.of(dataset.name)
        tried, documents, cascade = list(earlier.values()), self._around.documents, job.kind == CASCADE
        traces = self._engine.read(lambda cursor: collected(cursor, dataset, tried, documents, cascade))
        self._pending.write(job.id, traces)
        for erasure_id in earlier:
            if erasure_id != job.id:
                self._pending.remove(erasure_id)
        self.told("begun")
        return traces

    def _remove_rows(self, job: Job, dataset: Dataset, traces: Traces) -> None:
        """The deleted rows and the keys go in one commit with the record of it."""

        def work(cursor: LakeCursor) -> None:
            cursor.execute(SQL["erase_rows"].format(deleted=deleted_table(dataset.name)))
            mark_erased(cursor, dataset.name, traces.hmacs, job.actor)
            remove_rows(cursor, traces)
            end_tombstones(cursor, traces, job.actor)

        cursor = self._engine.cursor(job.actor)
        try:
            commit_on(cursor, job.actor, f"erasure in {dataset.name}", work)
        finally:
            cursor.close()
        self._around.moved()
        self.told("rows")

    def _erase(self, phase: Phase, traces: Traces, counts: dict[str, int], job: Job) -> None:
        for surface in self._plan.erased_in(phase):
            if phase is not Phase.QUIET:
                job.check()
            counts[surface.name] = counts.get(surface.name, 0) + _tried(surface, traces)
            job.done += 1
            self.told(f"erased {surface.name}")

    def _scan(
        self, phase: Phase, traces: Traces, counts: dict[str, int], examined: dict[str, Examined], job: Job
    ) -> None:
        for surface in self._plan.scanned_in(phase):
            if phase is not Phase.QUIET:
                job.check()
            finding = _looked(surface, traces)
            examined[surface.name] = Examined(surface.name, finding, counts[surface.name], datetime.now(UTC))
            job.done += 1
            self.told(f"scanned {surface.name}")

    def _erase_derived(self, traces: Traces, counts: dict[str, int], job: Job) -> None:
        if not traces.cascaded:
            return
        for surface in derived_surfaces(self._engine, traces):
            job.check()
            counts[surface.name] = _tried(surface, traces)
        self.told("erased derived datasets")

    def _scan_derived(self, traces: Traces, counts: dict[str, int], examined: dict[str, Examined], job: Job) -> None:
        for surface in derived_surfaces(self._engine, traces):
            job.check()
            finding = _looked(surface, traces)
            examined[surface.name] = Examined(surface.name, finding, counts.get(surface.name, 0), datetime.now(UTC))
        self.told("scanned derived datasets")

    def _snapshot(self) -> int:
        return int(self._engine.read(lambda cursor: cursor.rows(SQL["snapshots"]))[0][2])

    def _certify(self, job: Job, traces: Traces, surfaces: list[Examined], started: datetime) -> str:
        erased = Erased(
            erasure_id=job.id,
            dataset=traces.dataset,
            key_column=traces.key_column,
            key_hmacs=traces.hmacs,
            row_count=traces.rows,
            surfaces=surfaces,
            actor=job.actor,
            job_id=job.id,
            started_at=started,
            finished_at=datetime.now(UTC),
        )
        certificate: Any = self._engine.commit(
            SERVER, f"certificate of erasure {job.id}", lambda cursor: self._certificates.write(cursor, erased)
        )
        self._certificates.keep(certificate)
        self.told("certified")
        self._pending.remove(job.id)
        self._around.done(traces)
        self.told("done")
        left = [each.surface for each in surfaces if each.finding.verdict is not Verdict.CLEAN]
        told = f"not proven: {', '.join(left)}" if left else "proven"
        _log.info("erased", dataset=traces.dataset, erasure_id=job.id, verdict=certificate.verdict)
        return f"{len(traces.hmacs)} keys, {traces.rows} rows, {told}"


def _followed(cursor: LakeCursor, dataset: Dataset) -> list[Dataset]:
    """Tables whose rows a cascade erases."""
    key = first_key_column(cursor, dataset)
    return [table.dataset for table in tables_with_key(cursor, dataset.name, key.name)] if key is not None else []


def _tried(surface: Surface, traces: Traces) -> int:
    """Others may write what it rewrites: then again."""
    for attempt in range(CONFLICT_TRIES):
        try:
            return surface.erase(traces)
        except Conflict:
            if attempt == CONFLICT_TRIES - 1:
                raise
            time.sleep(RETRY_WAIT_S * 2**attempt)
    raise AssertionError("unreachable")


def _looked(surface: Surface, traces: Traces) -> Finding:
    """What can't be looked through is not clean."""
    try:
        finding = surface.scan(traces)
    except (LakehouseError, OSError) as error:
        code = getattr(error, "code", type(error).__name__)
        _log.exception("a surface could not be looked through", surface=surface.name)
        return Finding(Verdict.UNPROVEN, "none", 0, "places", detail=FAILED.format(code=code))
    if not traces.needles.unsought or surface.name in WITHOUT_TEXTS:
        return finding
    told = [finding.detail] if finding.detail else []
    return replace(finding, detail="; ".join([*told, SHORT.format(count=traces.needles.unsought)]))
