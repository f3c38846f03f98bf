"""What an erasure goes through in this server, in its order: every place of data has its surface here."""

from collections.abc import Mapping

from server.appendlog.log import AppendLog
from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.erasure.certificates import Certificates
from server.erasure.documents import documents_of
from server.erasure.erasing import Around, Erasing
from server.erasure.hiding import Hiding
from server.erasure.needles import Needles
from server.erasure.pending import Pending
from server.erasure.plan import Phase, Plan, Planned
from server.erasure.surfaces.append_log import AppendLogFiles
from server.erasure.surfaces.catalog_file import CatalogFile
from server.erasure.surfaces.control import ControlTables
from server.erasure.surfaces.copies import OtherDatasets
from server.erasure.surfaces.elsewhere import OtherServers
from server.erasure.surfaces.embeddings import Embeddings
from server.erasure.surfaces.folders import Folder, OpenFolder
from server.erasure.surfaces.generations import IndexGenerations
from server.erasure.surfaces.hot_cache import CachedCopies
from server.erasure.surfaces.journal_events import JournalEvents
from server.erasure.surfaces.lake_files import LakeFiles, Snapshots
from server.erasure.surfaces.rows import DatasetRows, DeletedRows
from server.erasure.surfaces.sessions import OpenSessions
from server.journal.journal import Journal
from server.sessions.clearing import Clearing
from server.sessions.execution import Services
from server.sessions.registry import Sessions
from server.sessions.session import Session
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

    def flush() -> None:
        services.query_log.flush()
        journal.drain()

    def forget() -> None:
        for keeps_texts in (services.describer, services.gate, services.placing):
            keeps_texts.forget()

    def end(session: Session) -> None:
        sessions.end(lambda other, _: other is session)

    planned = [
        Planned(Embeddings(engine, indexes, Needles.of), Phase.INDEXES),
        Planned(IndexGenerations(engine, indexes, builder, Needles.of), Phase.INDEXES),
        Planned(DatasetRows(engine), Phase.OPEN),
        Planned(DeletedRows(engine), Phase.OPEN),
        Planned(JournalEvents(engine, journal), Phase.OPEN),
        Planned(ControlTables(engine), Phase.OPEN),
        Planned(AppendLogFiles(log, folder.log, flush), Phase.OPEN),
        Planned(OpenSessions(sessions.current, end, forget), Phase.QUIET, Phase.QUIET),
        Planned(Snapshots(engine), Phase.QUIET, Phase.QUIET),
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
    pending: Pending,
    certificates: Certificates,
) -> Erasing:
    engine = services.engine
    clearing = Clearing(engine.running, sessions.current, engine.settings.erasure_grace_s)

    def documents(cursor: LakeCursor, dataset: Dataset, needles: Needles) -> Mapping[str, tuple[str, ...]]:
        return documents_of(cursor, indexes, dataset, needles)

    around = Around(
        documents=documents,
        still=(clearing.cleared, journal.paused, services.cache.paused),
        moved=hiding.load,
        journalled=journal.drain,
    )
    return Erasing(engine, plan, around, pending, certificates)
