"""Functions that stand in FROM: lists, ranges, files, and our searches, whose rows come from their index's dataset."""

from sqlglot import exp

from server.gate.rules import FILE_FUNCTIONS
from server.lineage.expressions import Expressions
from server.lineage.origins import NONE, How, Origin, Origins, Table, Unresolved, through, union
from server.lineage.relations import Column, Relation, Scope
from server.lineage.tables import Tables

# What each column of a search comes from: 'key' and 'text' columns of its dataset.
_SEARCHES = {
    "vector_search": {
        "rank": "text",
        "score": "text",
        "doc_id": "key",
        "chunk_id": "key",
        "chunk_text": "text",
        "generation": "",
        "plan": "",
    },
    "rag": {
        "answer": "text",
        "citations": "text key",
        "model": "",
        "index_name": "",
        "generation": "",
        "profile": "",
        "took_ms": "",
    },
}
_AS_IT_IS = frozenset({"doc_id"})
_COUNTING = frozenset({"range", "generate_series"})


class TableFunctions:
    def __init__(self, tables: Tables, expressions: Expressions) -> None:
        self._tables = tables
        self._expressions = expressions

    def relation(self, node: exp.Expression, scope: Scope) -> Relation:
        """Raises Unresolved for a function whose rows may come from anywhere, such as a macro."""
        name = node.name.lower() if isinstance(node, exp.Anonymous) else str(node.sql_name()).lower()
        if isinstance(node, exp.Unnest):
            value = through(How.TRANSFORMATION, self._arguments(node, scope))
            ordinal = [Column("ordinality", NONE)] if node.args.get("offset") else []
            return Relation((Column("unnest", value, many=True), *ordinal), value_rows(value))
        if isinstance(node, exp.GenerateSeries) or name in _COUNTING:
            value = through(How.TRANSFORMATION, self._arguments(node, scope))
            return Relation((Column("range" if name != "generate_series" else name, value),), value_rows(value))
        if name in _SEARCHES:
            return self._search(name, node, scope)
        if name in FILE_FUNCTIONS or isinstance(node, (exp.ReadCSV, exp.ReadParquet)):
            return self._files(node)
        if name in ("json_each", "json_tree"):
            value = through(How.TRANSFORMATION, self._arguments(node, scope))
            names = self._tables.column_names(f"{name}('{{}}')")
            return Relation(tuple(Column(each, value) for each in names), value_rows(value))
        raise Unresolved(f"the rows of {name}")

    def _arguments(self, node: exp.Expression, scope: Scope) -> Origins:
        given = [child for child in node.iter_expressions() if not isinstance(child, exp.TableAlias)]
        return union(self._expressions.origins(child, scope) for child in given if isinstance(child, exp.Expression))

    def _search(self, name: str, node: exp.Expression, scope: Scope) -> Relation:
        """The question decides which rows there are; what they hold is the dataset's."""
        arguments = list(node.iter_expressions())
        if not arguments or not isinstance(arguments[0], exp.Literal):
            raise Unresolved("an index that is no plain text")
        index = self._tables.index(arguments[0].name)
        if index is None:
            raise Unresolved("an index that is not there")
        dataset, key, texts, vector = index
        source = self._tables.relation(_named(dataset))
        columns = {"key": [key], "text": [*texts, *([vector] if vector else [])], "": []}
        asked = through(How.FILTER, self._arguments(node, scope))
        found = []
        for column, kinds in _SEARCHES[name].items():
            names = [each for kind in kinds.split() for each in columns[kind]]
            origins = union(_column(source, each) for each in names)
            how = How.IDENTITY if column in _AS_IT_IS else How.TRANSFORMATION
            found.append(Column(column, through(how, origins)))
        ranked = through(How.FILTER, union(_column(source, each) for each in columns["text"]))
        return Relation(tuple(found), asked | ranked | source.rows, source.tables)

    def _files(self, node: exp.Expression) -> Relation:
        """Files are named by plain strings, or the gate refuses them."""
        literals = [part for part in node.walk() if isinstance(part, exp.Literal) and part.is_string]
        if not literals:
            raise Unresolved("a file without a name")
        file = Table("", literals[0].name.rsplit("/", 1)[-1], None, "file")
        self._tables.met.add(file)
        names = self._tables.column_names(node.sql("duckdb"))
        return Relation(tuple(Column(name, NONE) for name in names), tables=frozenset({file}))


def value_rows(value: Origins) -> Origins:
    """A list taken apart gives as many rows as it has values: it decides about rows too."""
    return through(How.FILTER, value)


def _column(source: Relation, name: str) -> frozenset[Origin]:
    if (column := source.find(name)) is None:
        raise Unresolved(f"no column {name}")
    return column.origins


def _named(dataset: str) -> exp.Table:
    """A dataset name as a table: what has no schema is in main."""
    schema, _, name = dataset.rpartition(".")
    return exp.table_(exp.to_identifier(name, quoted=True), db=exp.to_identifier(schema or "main", quoted=True))
