"""Everything that runs in the process but the wire: made in one place, started and stopped in order."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.access.api_keys import ApiKeys
from server.access.json_web_tokens import TokenVerifier
from server.access.keys import secret_key
from server.access.logins import Logins
from server.access.operations import AccessOperations
from server.access.principals import Principals
from server.ai.registry import Providers
from server.answers.rag import Rag
from server.appendlog.log import AppendLog
from server.cache.operations import CacheOperations
from server.cache.service import HotCache
from server.catalog.keys import Keys
from server.catalog.lake_macros import create_lake_macros
from server.catalog.listing import Listing
from server.catalog.metadata import Metadata
from server.catalog.migrate import migrate
from server.certificates.certificates import Certificates
from server.certificates.operations import CertificateOperations
from server.compaction.compacting import Compacting
from server.compaction.operations import KIND as COMPACT
from server.compaction.operations import Compaction
from server.config import Settings
from server.data_folder import DataFolder, FolderLock
from server.engine.engine import SERVER, Engine
from server.erasing.erasing import CASCADE, Erasing
from server.erasing.erasing import KIND as ERASE
from server.erasing.operations import Erasures
from server.erasing.parts import erasing, plan
from server.erasing.pending import Pending
from server.erasure.hiding import Hiding
from server.erasure.suppression import Suppressions
from server.erasure.tombstones import Tombstones
from server.evolution.history import SchemaHistory
from server.evolution.model_proposals import ModelProposals
from server.evolution.operations import Migrations
from server.evolution.proposals import Proposals
from server.gate.gate import Gate
from server.health import Health
from server.ingest.files import FileIngest
from server.ingest.samples import Samples
from server.jobs.service import Jobs
from server.journal.journal import Journal
from server.journal.operations import JournalOperations
from server.lineage.operations import LineageOperations
from server.lineage.recording import Lineage
from server.logs import logger
from server.observability.service import Observability
from server.observability.traced_log import TracedQueryLog
from server.operations.registry import Operations
from server.pii.arrivals import Arrivals
from server.pii.operations import PiiOperations
from server.profiling.operations import KIND as PROFILE
from server.profiling.operations import Profiles
from server.querylog import QueryLog
from server.resync.operations import Resyncing
from server.retention.retention import Retention
from server.schedules.operations import ScheduleOperations
from server.schedules.service import Schedules
from server.sessions.describing import Describer
from server.sessions.grouping import GroupCommit
from server.sessions.guarding import Guarding
from server.sessions.held import HeldBudget
from server.sessions.limits import PrincipalLimits
from server.sessions.options import standard
from server.sessions.placing import Placing
from server.sessions.registry import Sessions
from server.sessions.services import Services
from server.sessions.staging import Staging
from server.sql.parameters import ValueTypes
from server.sql.tree import Parser
from server.vectors.building import KIND, IndexBuilder
from server.vectors.catalog import IndexCatalog
from server.vectors.operations import IndexOperations
from server.vectors.search import VectorSearch


@dataclass
class Application:
    """The parts that outlive a call. `sources` tells where each setting came from."""

    settings: Settings
    sources: Mapping[str, str]
    lock: FolderLock
    log: AppendLog
    engine: Engine
    parser: Parser
    query_log: QueryLog
    operations: Operations
    jobs: Jobs
    schedules: Schedules
    providers: Providers
    indexes: IndexCatalog
    builder: IndexBuilder
    search: VectorSearch
    rag: Rag
    principals: Principals
    keys: ApiKeys
    logins: Logins
    limits: PrincipalLimits
    journal: Journal
    lineage: Lineage
    retention: Retention
    suppressions: Suppressions
    hiding: Hiding
    arrivals: Arrivals
    cache: HotCache
    observability: Observability
    sessions: Sessions | None = None  # from the start on, as is the next
    erasing: Erasing | None = None

    @classmethod
    def make(cls, settings: Settings, sources: Mapping[str, str]) -> "Application":
        """Open the lake and wire the parts. Raises StartupError, after which the process is to end."""
        tokens = TokenVerifier.of(settings)
        folder = DataFolder(settings.data)
        folder.make()
        lock = FolderLock.take(folder)
        try:
            log = AppendLog(folder.log, settings.log_bytes_max, settings.log_sync_s)
            engine = Engine(settings, folder)
        except BaseException:
            lock.release()
            raise
        parser = Parser()
        key = secret_key(folder.keys, "statement-hmac")
        log_class = TracedQueryLog if settings.otel_endpoint else QueryLog
        query_log = log_class(engine, log, key)
        jobs = Jobs(engine)
        providers = Providers(settings, folder)
        indexes = IndexCatalog(engine)
        search = VectorSearch(indexes, providers, settings)
        limits = PrincipalLimits(engine)
        tombstone_key = secret_key(folder.keys, "tombstone-hmac")
        suppressions = Suppressions(engine, tombstone_key)
        hiding = Hiding(engine, indexes, indexes.hidden)
        journal = Journal(engine, log)
        lineage = Lineage(engine, parser, key)
        cache = HotCache(engine, parser)
        arrivals = Arrivals(engine)
        operations = Operations(query_log)
        operations.add(
            Health(engine, jobs).operation(),
            FileIngest(engine, suppressions, Proposals(engine), arrivals).operation(),
            *Migrations(engine, suppressions).operations(),
            ModelProposals(engine, providers).operation(),
            Samples(engine, lineage, arrivals).operation(),
            Metadata(engine).operation(),
            *PiiOperations(engine).operations(),
            Resyncing(engine).operation(),
            *Keys(engine).operations(),
            limits.operation(),
            *CacheOperations(engine, cache).operations(),
            *Tombstones(engine, tombstone_key, suppressions, hiding).operations(),
            *IndexOperations(engine, indexes, providers, jobs).operations(),
            *JournalOperations(engine, journal).operations(),
            *LineageOperations(engine).operations(),
        )
        builder = IndexBuilder(engine, indexes, providers)
        jobs.register(KIND, hiding.kept_right_after(builder.work))
        profiles = Profiles(engine, jobs)
        jobs.register(PROFILE, profiles.work)
        operations.add(profiles.operation())
        rag = Rag(search, providers, settings)
        principals = Principals(engine)
        schedules = Schedules(engine, operations, principals)
        operations.add(*ScheduleOperations(engine, operations, schedules).operations())
        keys = ApiKeys(engine, principals)
        return cls(
            settings,
            sources,
            lock,
            log,
            engine,
            parser,
            query_log,
            operations,
            jobs,
            schedules,
            providers,
            indexes,
            builder,
            search,
            rag,
            principals,
            keys,
            Logins(principals, keys, tokens, settings.login_delay_s_max, settings.logins_running_max),
            limits,
            journal,
            lineage,
            Retention(engine, SchemaHistory(engine).recorded_before(lineage.settled_before(journal.drain))),
            suppressions,
            hiding,
            arrivals,
            cache,
            Observability(settings, engine, query_log, operations, jobs, indexes),
        )

    def start(self, admin_password: str | None) -> tuple[Sessions, Listing, str | None]:
        """Migrate, make the administrator, map the indexes, take up unfinished jobs. SQL functions are there already.

        Returns the sessions, the listing and the administrator's password if one was made up.
        """
        applied = migrate(self.engine, self.parser)
        create_lake_macros(self.engine, self.parser)
        logger("start").info("control schema", files_applied=applied)
        self.query_log.open()
        self.journal.open()
        made = self.principals.ensure_admin(admin_password)
        self.limits.load()
        lost = self.indexes.load()
        self.suppressions.load()
        self.hiding.load()
        self.cache.start()
        gate = self.engine.read(
            lambda cursor: Gate(self.parser, cursor, self.settings.import_path, self.settings.export_path)
        )
        services = Services(
            self.engine,
            gate,
            Describer(self.engine, self.parser),
            self.operations,
            self.query_log,
            ValueTypes(),
            Placing(self.engine),
            standard(),
            self.limits,
            HeldBudget(self.settings.held_bytes_max),
            GroupCommit(self.engine, lambda table: self.suppressions.guard(table) is not None),
            Staging(self.engine),
            Guarding(self.suppressions, self.parser),
            self.cache,
            self.lineage,
            Proposals(self.engine),
            self.arrivals,
        )
        self.sessions = Sessions(services, self.settings)
        self.logins.watch(self.sessions.end)
        self._add_erasure(services, self.sessions)
        self.jobs.start()
        busy = {job.subject for job in self.jobs.running()}
        for name in lost:
            if name not in busy:
                self.jobs.submit(KIND, name, SERVER)
        self.operations.add(*AccessOperations(self.principals, self.keys, self.sessions).operations())
        self.schedules.start()
        self.retention.start()
        return self.sessions, Listing(self.engine), made

    def _add_erasure(self, services: Services, sessions: Sessions) -> None:
        """What erases, and compacts, since that erases too: it needs to know who uses the lake."""
        pending, certificates = Pending(self.engine.folder.erasures), Certificates(self.engine.folder.keys)
        surfaces = plan(services, sessions, self.log, self.journal, self.indexes, self.builder)
        self.erasing = erasing(
            services, sessions, surfaces, self.journal, self.indexes, self.hiding, self.jobs, pending, certificates
        )
        self.jobs.register(ERASE, self.erasing.work)
        self.jobs.register(CASCADE, self.erasing.work)
        erasures = Erasures(self.engine, self.jobs, pending, sessions.current)
        compaction = Compaction(self.engine, self.jobs, Compacting(self.engine), erasures.erase)
        self.jobs.register(COMPACT, compaction.work)
        self.operations.add(erasures.operation(), compaction.operation())
        self.operations.add(*CertificateOperations(self.engine, certificates).operations())

    def stop(self) -> None:
        """Stop the work in the background, write the query log, close DuckDB, let the folder go."""
        self.logins.stop()
        self.cache.stop()
        self.schedules.stop()
        self.retention.stop()
        self.jobs.stop()
        self.schedules.wait()
        self.journal.stop()
        self.query_log.stop()
        self.log.close()
        self.observability.stop()
        self.engine.close()
        self.lock.release()
