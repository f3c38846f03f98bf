"""The operations accept_migration and reject_migration."""

from typing import Any

import pyarrow as pa
from pydantic import Field

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasure.suppression import Suppressions
from server.errors import InvalidArgument
from server.evolution.deciding import Decision, decided
from server.evolution.deleted_rows import rename_there
from server.evolution.views import binding_views, broken_views
from server.operations.registry import Arguments, Caller, Operation
from server.sql.letter_case import folded
from server.sql.schema import schema_of

REASON_CHARS_MAX = 1000


class AcceptMigration(Arguments):
    proposal_id: str = Field(max_length=64, description="Proposal, as catalog.migration_proposals names it.")


class RejectMigration(AcceptMigration):
    reason: str | None = Field(None, max_length=REASON_CHARS_MAX, description="Why: the next load is told.")


RESULT = schema_of(
    proposal_id=pa.string(),
    dataset=pa.string(),
    status=pa.string(),
    statements=pa.list_(pa.string()),
    broken_views=pa.list_(pa.string()),
)


class Migrations:
    def __init__(self, engine: Engine, suppressions: Suppressions) -> None:
        self._engine = engine
        self._suppressions = suppressions

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "accept_migration",
                "Do what a proposed migration says, in one commit; the load that it was proposed for fits then.",
                AcceptMigration,
                RESULT,
                self.accept,
            ),
            Operation(
                "reject_migration",
                "Reject a proposed migration: the same one is not proposed again.",
                RejectMigration,
                RESULT,
                self.reject,
            ),
        ]

    def accept(self, caller: Caller, arguments: AcceptMigration) -> list[dict[str, Any]]:
        """Also one that was rejected: people change their minds.

        Raises InvalidArgument for one that is accepted or replaced, whose table has changed since, that would lose
        more values than it tells, or take the key of suppressed rows away.
        """

        def work(cursor: LakeCursor, decision: Decision) -> dict[str, Any]:
            decision.check("proposed", "rejected")
            self._check_key(decision)
            decision.check_fresh(cursor)
            decision.check_effect(cursor)
            before = binding_views(cursor, decision.table)
            for statement in decision.statements:
                cursor.execute(statement)
            for old, new in decision.renames:
                rename_there(cursor, decision.dataset, old, new)
            return decision.record(cursor, caller.principal.name, "accepted", broken_views(cursor, before))

        try:
            return [decided(self._engine, caller.principal.name, arguments.proposal_id, "accept", work)]
        finally:
            self._engine.schema_changed()

    def reject(self, caller: Caller, arguments: RejectMigration) -> list[dict[str, Any]]:
        """Raises InvalidArgument for one that is decided already."""
        actor = caller.principal.name

        def work(cursor: LakeCursor, decision: Decision) -> dict[str, Any]:
            decision.check("proposed")
            return decision.record(cursor, actor, "rejected", None, arguments.reason)

        return [decided(self._engine, actor, arguments.proposal_id, "reject", work)]

    def _check_key(self, decision: Decision) -> None:
        """The guard of suppressed keys knows its column by name and type."""
        guard = self._suppressions.guard(f"{decision.schema}.{decision.table}")
        if guard is not None and folded(guard.column.name) in decision.changed_columns:
            raise InvalidArgument(
                f"{guard.column.name} is the key of suppressed rows of {decision.dataset}: it stays as it is"
            )
