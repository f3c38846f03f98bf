"""A proposed migration as a row, and what makes two of them the same."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.evolution.diff import Column
from server.evolution.fitting import Draft
from server.evolution.rules import Rule

SQL = named_queries("queries/evolution.sql")


def _new_id() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Proposal:
    """table_id: DuckLake's. dataset: its name. model: the one that proposed it, asked about the proposal based_on; None
    if rules did."""

    table_id: int
    dataset: str
    draft: Draft
    broken_views: list[str]
    model: str | None = None
    based_on: str | None = None
    proposal_id: str = field(default_factory=_new_id)

    @property
    def rules_json(self) -> str:
        return json.dumps([rule.as_dict() for rule in self.draft.rules])

    def record(self, cursor: LakeCursor, actor: str) -> None:
        draft = self.draft
        values = {
            "proposal_id": self.proposal_id,
            "table_id": self.table_id,
            "dataset": self.dataset,
            "rules": self.rules_json,
            "statements": statements_of(draft),
            "broken_views": self.broken_views,
            "rules_sha256": rules_digest(draft.rules),
            "columns_sha256": digest_of(draft.columns),
            "arriving": json.dumps({column.name: column.type_text for column in draft.arriving}),
            "arriving_statistics": _counts_json(draft),
            "source": draft.source,
            "model": self.model,
            "based_on": self.based_on,
            "actor": actor,
        }
        cursor.execute(SQL["propose"], values)

    def replace(self, cursor: LakeCursor, proposal_id: str, actor: str) -> None:
        """This one counts now, and no more the other one."""
        values = {"proposal_id": proposal_id, "table_id": self.table_id, "dataset": self.dataset, "actor": actor}
        cursor.execute(SQL["change"], values | {"status": "replaced", "broken_views": None, "reason": None})


def _counts_json(draft: Draft) -> str | None:
    counts = {key: asdict(each) for key, each in draft.statistics.items()}
    return json.dumps(counts) if counts else None


def statements_of(draft: Draft) -> list[str]:
    return [statement for rule in draft.rules for statement in rule.statements(draft.table)]


def digest_of(columns: Sequence[Column]) -> str:
    """Of names and types, in order."""
    return _sha256([[column.name, column.type_text] for column in columns])


def rules_digest(rules: Iterable[Rule]) -> str:
    """Of the rules that a person decides; of all if there are none of them."""
    listed = list(rules)
    asked = [rule for rule in listed if not rule.is_safe] or listed
    return _sha256(sorted(rule.identity() for rule in asked))


def rules_of_json(text: str) -> list[Rule]:
    """Those of a recorded proposal."""
    return [Rule(**rule) for rule in json.loads(text)]


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
