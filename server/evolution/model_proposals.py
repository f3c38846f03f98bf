"""The operation propose_migration: a chat model is asked where the rules leave a choice, and a person decides."""

from typing import Any

import pyarrow as pa
from pydantic import Field

from server.ai.providers import ChatProvider, never
from server.ai.registry import Providers
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.running import client_gone
from server.errors import AlreadyExists, ProviderUnavailable
from server.evolution.answers import read_answer, rules_of
from server.evolution.asking import prompt
from server.evolution.deciding import Decision, decided
from server.evolution.effect import loses_more, with_effect
from server.evolution.fitting import Draft
from server.evolution.recording import SQL, Proposal, rules_digest, rules_of_json, statements_of
from server.evolution.rules import Rule, trials
from server.evolution.subject import Subject, subject_of
from server.evolution.views import views_broken_by
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of


class ProposeMigration(Arguments):
    proposal_id: str = Field(
        max_length=64, description="Proposal of the rules, as catalog.migration_proposals names it."
    )


RESULT = schema_of(
    proposal_id=pa.string(),
    dataset=pa.string(),
    status=pa.string(),
    model=pa.string(),
    rules=pa.string(),
    statements=pa.list_(pa.string()),
    broken_views=pa.list_(pa.string()),
)


class ModelProposals:
    def __init__(self, engine: Engine, providers: Providers) -> None:
        self._engine = engine
        self._providers = providers

    def operation(self) -> Operation[Any]:
        return Operation(
            "propose_migration",
            "Ask the chat model for another proposal than the rules': told names, types and counts, never values.",
            ProposeMigration,
            RESULT,
            self.propose,
        )

    def propose(self, caller: Caller, arguments: ProposeMigration) -> list[dict[str, Any]]:
        """No transaction is open and nothing is held while the model thinks.

        Raises ProviderUnavailable, AnswerUnusable, AlreadyExists for what was proposed before, and as `subject_of`.
        """
        chat = self._chat()
        subject = self._engine.read(lambda cursor: subject_of(cursor, arguments.proposal_id))
        system, user, form = prompt(subject)
        answer = read_answer(chat.chat(system, user, client_gone.get() or never, form))
        proposal = self._proposal(subject, rules_of(answer, subject), chat.model)

        def work(cursor: LakeCursor, decision: Decision) -> dict[str, Any]:
            decision.check("proposed", "rejected")
            decision.check_fresh(cursor)
            replaced = _same_with_less(cursor, proposal)
            proposal.record(cursor, caller.principal.name)
            if replaced is not None:
                proposal.replace(cursor, replaced, caller.principal.name)
            return _row(proposal)

        actor = caller.principal.name
        return [decided(self._engine, actor, arguments.proposal_id, "ask a model about", work)]

    def _chat(self) -> ChatProvider:
        if self._providers.chat is None:
            raise ProviderUnavailable("no chat model is configured: set 'chat_model' to one that Ollama has")
        return self._providers.chat

    def _proposal(self, subject: Subject, rules: list[Rule], model: str) -> Proposal:
        decision = subject.decision
        found = self._engine.read(lambda cursor: tuple(with_effect(cursor, rules, decision.full, subject.columns)))
        draft = Draft(decision.full, subject.columns, subject.arriving, found, subject.source)
        broken = views_broken_by(self._engine, decision.table, trials(found, decision.full))
        return Proposal(decision.table_id, decision.dataset, draft, broken, model, decision.proposal_id)


def _same_with_less(cursor: LakeCursor, proposal: Proposal) -> str | None:
    """The proposal of the same steps that waits for a decision and told of fewer values that would be lost.

    Raises AlreadyExists: it told of as many, or was rejected."""
    known = cursor.rows(SQL["same"], [proposal.table_id, rules_digest(proposal.draft.rules)])
    if not known:
        return None
    proposal_id, status, _, reason, by, rules = known[0]
    if status == "proposed" and loses_more(proposal.draft.rules, rules_of_json(rules)):
        return str(proposal_id)
    why = f": {reason}" if reason else ""
    told = f"was rejected by {by}{why}" if status == "rejected" else "waits for a decision"
    raise AlreadyExists(f"model {proposal.model} proposes the same as migration {proposal_id}, which {told}")


def _row(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal_id": proposal.proposal_id,
        "dataset": proposal.dataset,
        "status": "proposed",
        "model": proposal.model,
        "rules": proposal.rules_json,
        "statements": statements_of(proposal.draft),
        "broken_views": proposal.broken_views,
    }
