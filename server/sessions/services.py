"""What every session shares, made once when the server starts."""

from dataclasses import dataclass

from server.cache.service import HotCache
from server.engine.engine import Engine
from server.evolution.proposals import Proposals
from server.gate.gate import Gate
from server.lineage.recording import Lineage
from server.operations.registry import Operations
from server.pii.arrivals import Arrivals
from server.querylog import QueryLog
from server.sessions.describing import Describer
from server.sessions.grouping import GroupCommit
from server.sessions.guarding import Guarding
from server.sessions.held import HeldBudget
from server.sessions.limits import PrincipalLimits
from server.sessions.options import Options
from server.sessions.placing import Placing
from server.sessions.staging import Staging
from server.sql.parameters import ValueTypes


@dataclass(frozen=True)
class Services:
    engine: Engine
    gate: Gate
    describer: Describer
    operations: Operations
    query_log: QueryLog
    value_types: ValueTypes
    placing: Placing
    options: Options
    limits: PrincipalLimits
    held: HeldBudget
    grouping: GroupCommit
    staging: Staging
    guarding: Guarding
    cache: HotCache
    lineage: Lineage
    proposals: Proposals
    arrivals: Arrivals
