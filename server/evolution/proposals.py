"""Migrations that wait for a person: recorded once for the same rules, and remembered when they were rejected."""

from collections.abc import Sequence

from server.catalog.datasets import dataset_name
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import InvalidArgument, LakehouseError, MigrationProposed
from server.evolution.effect import loses_more
from server.evolution.fitting import Draft
from server.evolution.looking import columns_of
from server.evolution.recording import SQL, Proposal, digest_of, rules_digest, rules_of_json
from server.evolution.rules import Rule, trials
from server.evolution.views import views_broken_by

RULES_TOLD = 20


class Proposals:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def refusal(self, schema: str, table: str, draft: Draft, actor: str) -> LakehouseError:
        """What the load is refused with: it names the proposal, which is recorded if there is no such one yet. The
        caller holds the table, so that two loads make one proposal.

        InvalidArgument for a table that the caller's own transaction has changed or made: others do not see it.
        """
        found = self._engine.read(lambda c: c.rows(SQL["table_id"], [schema, table]))
        if not found or digest_of(self._engine.read(lambda c: columns_of(c, draft.table))) != digest_of(draft.columns):
            what = f"{draft.source} does not fit {dataset_name(schema, table)}: {told(draft.rules)}"
            return InvalidArgument(f"{what}; it is no table that others see like this: commit its changes first")
        [(table_id, in_schema, name)] = found
        return self._proposed(int(table_id), str(name), dataset_name(str(in_schema), str(name)), draft, actor)

    def _proposed(self, table_id: int, table: str, name: str, draft: Draft, actor: str) -> MigrationProposed:
        rules_sha256, columns_sha256 = rules_digest(draft.rules), digest_of(draft.columns)
        what = f"{draft.source} does not fit {name}: {told(draft.rules)}"
        known = self._engine.read(lambda c: c.rows(SQL["same"], [table_id, rules_sha256]))
        if known and known[0][1] == "rejected":
            proposal_id, _, _, reason, by, _ = known[0]
            why = f": {reason}" if reason else ""
            return MigrationProposed(f"{what}. Migration {proposal_id} was rejected by {by}{why}")
        if known and known[0][2] == columns_sha256 and not loses_more(draft.rules, rules_of_json(known[0][5])):
            return MigrationProposed(_waiting(what, str(known[0][0])))
        broken = views_broken_by(self._engine, table, trials(draft.rules, draft.table))
        proposal = Proposal(table_id, name, draft, broken)

        def work(cursor: LakeCursor) -> None:
            proposal.record(cursor, actor)
            if known:
                proposal.replace(cursor, str(known[0][0]), actor)

        self._engine.commit(actor, f"propose migration {proposal.proposal_id} of {name}", work)
        return MigrationProposed(_waiting(what, proposal.proposal_id))


def told(rules: Sequence[Rule]) -> str:
    """In words; those beyond RULES_TOLD as a number, since an error that is too long does not arrive."""
    words = [rule.told() for rule in rules[:RULES_TOLD]]
    more = len(rules) - len(words)
    return "; ".join([*words, f"and {more} more"] if more else words)


def _waiting(what: str, proposal_id: str) -> str:
    return (
        f"{what}. Nothing was loaded: accept_migration(proposal_id := '{proposal_id}') and load again, "
        "or reject_migration; catalog.migration_proposals shows it"
    )
