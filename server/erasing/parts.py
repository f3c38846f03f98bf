"""What an erasure goes through in this server, in its order: every place of data has its surface here."""

import contextlib
from collections.abc import Mapping

from server.appendlog.log import AppendLog
from server.catalog.datasets import Dataset
from server.certificates.certificates import Certificates
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER
from server.erasing.erasing import Around, Erasing
from server.erasing.pending import Pending
from server.erasing.plan import Phase, Plan, Planned
from server.erasing.surfaces.append_log import AppendLogFiles
from server.erasing.surfaces.catalog_file import CatalogFile
from server.erasing.surfaces.control import ControlTables
from server.erasing.surfaces.copies import OtherDatasets
from server.erasing.surfaces.elsewhere import OtherServers
from server.erasing.surfaces.embeddings import Embeddings
from server.erasing.surfaces.folders import Folder, OpenFolder
from server.erasing.surfaces.generations import IndexGenerations
from server.erasing.surfaces.hot_cache import CachedCopies
from server.erasing.surfaces.journal_events import JournalEvents
from server.erasing.surfaces.lake_files import LakeFiles, Snapshots
from server.erasing.surfaces.rows import DatasetRows, DeletedRows
from server.erasing.surfaces.sessions import OpenSessions
from server.erasing.traces import Traces
from server.erasure.documents import documents_of
from server.erasure.hiding import Hiding
from server.errors import Unavailable
from server.evolution.history import SchemaHistory
from server.jobs.service import Jobs
from server.journal.journal import Journal
from server.scanning.needles import Needles
from server.sessions.clearing import Clearing
from server.sessions.registry import Sessions
from server.sessions.services import Services
from server.sessions.session import Session
from server.vectors.building import KIND as BUILD
from server.vectors.building import IndexBuilder
from server.vectors.catalog import IndexCatalog


def plan(
    services: Services,
    sessions: Sessions,
    log: AppendLog,
    journal: Journal,
    indexes: IndexCatalog,
    builder: IndexBuilder,
) -> Plan:
    engine, folder, settings = services.engine, services.engine.folder, services.engine.settings

    def drain() -> None:
        services.lineage.settle()
        with contextlib.suppress(Unavailable):  # another server keeps the journal, and notes a gap
            journal.drain()

    def flush() -> None:
        services.query_log.flush()
        drain()

    def forget() -> None:
        for keeps_texts in (services.describer, services.gate, services.placing, services.lineage):
            keeps_texts.forget()

    def end(session: Session) -> None:
        sessions.end(lambda other, _: other is session)

    planned = [
        Planned(Embeddings(engine, indexes, Needles.of), Phase.INDEXES),
        Planned(IndexGenerations(engine, indexes, builder, Needles.of), Phase.INDEXES),
        Planned(DatasetRows(engine), Phase.OPEN),
        Planned(DeletedRows(engine), Phase.OPEN),
        Planned(JournalEvents(journal), Phase.OPEN),
        Planned(ControlTables(engine), Phase.OPEN),
        Planned(AppendLogFiles(log, folder.log, flush), Phase.OPEN),
        Planned(OpenSessions(sessions.current, end, forget), Phase.QUIET, Phase.QUIET),
        Planned(Snapshots(engine, SchemaHistory(engine).recorded_before(drain)), Phase.QUIET, Phase.QUIET),
        Planned(LakeFiles(engine), Phase.QUIET, Phase.QUIET),
        Planned(CatalogFile(engine), Phase.QUIET, Phase.QUIET),
        Planned(CachedCopies(engine, services.cache), Phase.QUIET),
        Planned(Folder("temporary files", folder.temp), Phase.OPEN, Phase.QUIET),
        Planned(Folder("uploads", folder.uploads), Phase.OPEN),
        Planned(OpenFolder("import folder", engine, settings.import_path), Phase.OPEN),
        Planned(OpenFolder("export folder", engine, settings.export_path), Phase.OPEN),
        Planned(Folder("keys", folder.keys), Phase.OPEN),
        Planned(Folder("models", folder.models, keys_only=True), Phase.OPEN),
        Planned(OtherDatasets(engine), Phase.OPEN),
    ]
    if settings.lake_catalog:
        planned.append(Planned(OtherServers(), Phase.OPEN))
    return Plan(planned)


def erasing(
    services: Services,
    sessions: Sessions,
    plan: Plan,
    journal: Journal,
    indexes: IndexCatalog,
    hiding: Hiding,
    jobs: Jobs,
    pending: Pending,
    certificates: Certificates,
) -> Erasing:
    engine = services.engine
    clearing = Clearing(engine.running, sessions.current, engine.settings.erasure_grace_s)

    def documents(cursor: LakeCursor, dataset: Dataset, needles: Needles) -> Mapping[str, tuple[str, ...]]:
        return documents_of(cursor, indexes, dataset, needles)

    def refresh(traces: Traces) -> None:
        """A document that several rows made, or whose key is used again, comes back without what was erased."""
        for name, lost in traces.documents.items():
            if lost:
                jobs.submit(BUILD, name, SERVER)

    around = Around(
        documents=documents,
        still=(clearing.cleared, journal.paused, services.cache.paused),
        moved=hiding.load,
        done=refresh,
    )
    return Erasing(engine, plan, around, pending, certificates)
