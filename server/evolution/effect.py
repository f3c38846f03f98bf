"""What the steps of a migration do to the values that are in the table, in counts."""

from collections.abc import Sequence
from dataclasses import replace

from server.engine.cursor import LakeCursor
from server.evolution.diff import Column
from server.evolution.looking import lost, statistics
from server.evolution.rules import Rule
from server.sql.type_names import parse


def with_effect(cursor: LakeCursor, rules: Sequence[Rule], table: str, columns: Sequence[Column]) -> list[Rule]:
    """The rules with counts of what each loses, as the table is now. table: its full name, SQL text."""
    by_name = {column.name: column for column in columns}
    retypes, drops = ([rule for rule in rules if rule.kind == kind] for kind in ("retype", "drop"))
    if not (retypes or drops):
        return list(rules)
    casts = [(by_name[rule.column], rule.new_type, parse(rule.new_type)) for rule in retypes]
    rows, *losses = lost(cursor, table, casts)
    counts = statistics(cursor, table, [by_name[rule.column] for rule in drops])
    by_column = {rule.column: count for rule, count in zip(retypes, losses, strict=True)}
    by_column |= {rule.column: rows - counts[by_name[rule.column].key].nulls for rule in drops}
    return [
        replace(rule, affected_rows=rows, lost_values=by_column[rule.column])
        if rule.kind in ("retype", "drop")
        else rule
        for rule in rules
    ]


def loses_more(rules: Sequence[Rule], told: Sequence[Rule]) -> bool:
    """Whether more values would be lost than the same rules told of once."""
    known = {rule.identity(): rule.lost_values for rule in told}
    return any(rule.lost_values > known.get(rule.identity(), 0) for rule in rules)
