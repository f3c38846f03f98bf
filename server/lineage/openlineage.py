"""Lineage as OpenLineage events: one RunEvent for each dataset, with the columnLineage facet of its columns.

Field names are those of OpenLineage 2-0-2 and of its facets columnLineage 1-2-0 and schema 1-1-1.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

PRODUCER = "urn:lakehouse:server"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
COLUMN_LINEAGE = (
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
)
SCHEMA = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
LAKE, FILES, INDEXES, SYSTEMS = "lakehouse", "file", "lakehouse-index", "system"
_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}:lineage")
Columns = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Shown:
    """A row of `catalog.lineage`. recorded_us: microseconds since 1970."""

    target: str
    target_column: str | None
    source: str
    source_column: str | None
    kind: str
    transformation: str | None
    transformation_type: str | None
    statement_hmac: str | None
    recorded_us: int


def events(rows: Iterable[Shown], columns: Columns) -> list[tuple[str, dict[str, Any]]]:
    """Each target with its event. columns: names and types of each dataset's, for their schema facets."""
    by_target: dict[tuple[str, str], list[Shown]] = {}
    for row in rows:
        by_target.setdefault((_namespace(row, False), row.target), []).append(row)
    return [(target, _event(namespace, target, found, columns)) for (namespace, target), found in by_target.items()]


def _event(namespace: str, target: str, rows: Sequence[Shown], columns: Columns) -> dict[str, Any]:
    latest = max(row.recorded_us for row in rows)
    statements = sorted({row.statement_hmac or "" for row in rows})
    run_id = uuid.uuid5(_RUNS, f"{namespace} {target} {latest} {' '.join(statements)}")
    inputs = sorted({(_namespace(row, True), row.source) for row in rows})
    # A system that people named made nothing: where anything else is known, that is the job.
    kind = min(rows, key=lambda row: row.kind == "system").kind
    output = {"namespace": namespace, "name": target, "facets": _schema(target, columns) | _lineage(rows)}
    return {
        "eventType": "COMPLETE",
        "eventTime": datetime.fromtimestamp(latest / 1e6, UTC).isoformat(timespec="microseconds"),
        "run": {"runId": str(run_id)},
        "job": {"namespace": LAKE, "name": f"{kind}.{target}"},
        "inputs": [
            {"namespace": space, "name": name, "facets": _schema(name, columns) if space == LAKE else {}}
            for space, name in inputs
        ],
        "outputs": [output],
        "producer": PRODUCER,
        "schemaURL": SPEC,
    }


def _lineage(rows: Sequence[Shown]) -> dict[str, Any]:
    """Of each column, and under `dataset` what decides about whole rows. An edge without a source column has no place
    in the facet: it is among the inputs."""
    fields: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    whole: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row.source_column is None or row.transformation is None:
            continue
        known = whole if row.target_column is None else fields.setdefault(row.target_column, {})
        field = known.setdefault((row.source, row.source_column), _input_field(row))
        field["transformations"].append(_transformation(row))
    if not fields and not whole:
        return {}
    facet: dict[str, Any] = {
        "_producer": PRODUCER,
        "_schemaURL": COLUMN_LINEAGE,
        "fields": {name: {"inputFields": list(found.values())} for name, found in fields.items()},
    }
    if whole:
        facet["dataset"] = list(whole.values())
    return {"columnLineage": facet}


def _input_field(row: Shown) -> dict[str, Any]:
    return {
        "namespace": _namespace(row, True),
        "name": row.source,
        "field": row.source_column,
        "transformations": [],
    }


def _transformation(row: Shown) -> dict[str, Any]:
    return {"type": row.transformation_type, "subtype": row.transformation, "description": "", "masking": False}


def _schema(dataset: str, columns: Columns) -> dict[str, Any]:
    if dataset not in columns:
        return {}
    fields = [{"name": name, "type": data_type} for name, data_type in columns[dataset]]
    return {"schema": {"_producer": PRODUCER, "_schemaURL": SCHEMA, "fields": fields}}


def _namespace(row: Shown, source: bool) -> str:
    if source:
        return {"ingest": FILES, "system": SYSTEMS}.get(row.kind, LAKE)
    return INDEXES if row.kind == "index" else LAKE
