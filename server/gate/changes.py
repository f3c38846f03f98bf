"""Check a statement that DuckDB's tree does not cover (DML, DDL, COPY, EXPLAIN, PIVOT) on its tokens.

Coarser than the check of queries and stricter for it: a name that could reach a closed place is refused wherever it
stands, and a file name must be a plain string in an allowed folder.
"""

from collections.abc import Iterator

from server.errors import InvalidArgument, PermissionDenied
from server.gate import rules
from server.gate.files import Folders, looks_like_file, unnamed_reader
from server.sql.sources import source_positions
from server.sql.statements import Statement
from server.sql.targets import OBJECTS, dotted_name, says_temporary, targets
from server.sql.tokens import Token

Tokens = tuple[Token, ...]

ALLOWED_TYPES = frozenset(
    {"INSERT", "UPDATE", "DELETE", "MERGE_INTO", "CREATE", "DROP", "ALTER", "COPY", "EXPLAIN", "PIVOT"}
)
DDL_TYPES = frozenset({"CREATE", "DROP", "ALTER"})
REASONS = {"SECRET": ": secrets come from the server's settings", "INDEX": ": DuckLake has no indexes"}
# With these, COPY writes files under names that are not its own.
CLOSED_OPTIONS = frozenset({"FILENAME_PATTERN", "FILE_EXTENSION"})
EXPLAINED = frozenset(
    """SELECT FROM WITH VALUES TABLE PIVOT UNPIVOT DESCRIBE SUMMARIZE SHOW INSERT UPDATE DELETE MERGE
    TRUNCATE""".split()
)
_HEADS = frozenset({"CREATE", "DROP", "ALTER", "COMMENT"})
_BETWEEN = frozenset("OR REPLACE TEMP TEMPORARY LOCAL PERSISTENT UNIQUE RECURSIVE ON IF NOT EXISTS".split())
_COLUMN_LISTS = frozenset({"INTO", "TABLE", "VIEW"})


class ChangeCheck:
    """our_functions: the server's own, in lower case. They are in every search path, for all sessions."""

    def __init__(
        self, builtin_table_functions: frozenset[str], our_functions: frozenset[str], folders: Folders
    ) -> None:
        self._builtin = builtin_table_functions
        self._ours = our_functions
        self._folders = folders

    def check(self, statement: Statement, schema: str) -> bool:
        """schema: the session's, which unqualified names mean. True if files are named: then the answer holds for now
        only. Raises PermissionDenied, and InvalidArgument where the tokens are not certain."""
        if statement.type_name not in ALLOWED_TYPES:
            raise PermissionDenied(f"statements of type {statement.type_name} are closed")
        tokens = statement.tokens
        if any(token.kind == "unread" for token in tokens):
            raise InvalidArgument("the statement holds characters outside quotes that are neither names nor operators")
        _check_head(statement)
        _check_explained(statement)
        _check_targets(tokens, schema)
        self._check_functions(statement)
        for position, token in enumerate(tokens):
            if token.is_name or token.kind == "string":
                _check_name(tokens, position)
        file_position = self._copied_file(tokens)
        for position in source_positions(tokens):
            if position != file_position:
                _check_source(tokens, position)
        names_files = file_position is not None
        for position in _calls(tokens):
            names_files |= self._call(tokens, position)
        return names_files

    def _check_functions(self, statement: Statement) -> None:
        """Nobody makes, drops or describes a function of the server's name: it would count for other sessions too."""
        for target in targets(statement.tokens) if statement.type_name in DDL_TYPES else ():
            if target.word in ("MACRO", "FUNCTION") and target.names and target.names[-1].lower() in self._ours:
                raise PermissionDenied(f"{target.names[-1]} is a function of the server")

    def _copied_file(self, tokens: Tokens) -> int | None:
        """Check the file of a COPY; its position."""
        if tokens[0].word != "COPY":
            return None
        closed = next((token.word for token in tokens if token.word in CLOSED_OPTIONS), None)
        if closed is not None:
            raise PermissionDenied(f"option {closed} of COPY is closed")
        depth = 0
        for position, token in enumerate(tokens):
            if token.kind == "operator" and token.text in "()":
                depth += 1 if token.text == "(" else -1
            if depth == 0 and token.word in ("TO", "FROM"):
                file = tokens[position + 1] if position + 1 < len(tokens) else token
                if file.kind != "string" or not file.plain:
                    raise PermissionDenied("COPY takes its file's name as a plain string")
                self._folders.check(file.text)
                return position + 1
        raise PermissionDenied("COPY names a table or a query and a file")

    def _call(self, tokens: Tokens, position: int) -> bool:
        """Check a function by its name and arguments; whether it reads files."""
        name = tokens[position].text.lower()
        rules.check_function(name)
        if name in rules.FILE_FUNCTIONS:
            for path in _plain_arguments(tokens, position, name):
                self._folders.check(path)
            return True
        if name in rules.CHANGE_FUNCTIONS:
            for table in _plain_arguments(tokens, position, name):
                rules.check_table("", "", table)
        elif name in self._builtin and name not in rules.TABLE_FUNCTIONS:
            raise PermissionDenied(f"table function {name} is closed")
        return False


def _check_head(statement: Statement) -> None:
    """CREATE, DROP, ALTER and COMMENT ON are for the kinds of object that a lake holds."""
    if statement.type_name not in DDL_TYPES:
        return
    head = statement.tokens[0].word
    kind = next((token.text.upper() for token in statement.tokens[1:] if token.word not in _BETWEEN), "")
    if head not in _HEADS or (kind not in OBJECTS and not (head == "COMMENT" and kind == "COLUMN")):
        raise PermissionDenied(f"{head} {kind} is closed{REASONS.get(kind, '')}")


def _check_explained(statement: Statement) -> None:
    """EXPLAIN ANALYZE runs what follows it: queries and changes of rows only."""
    if statement.type_name != "EXPLAIN":
        return
    tokens = statement.tokens[1:]
    if tokens and tokens[0].text == "(":
        end = next((position for position, token in enumerate(tokens) if token.text == ")"), len(tokens))
        tokens = tokens[end + 1 :]
    head = next((token for token in tokens if token.word != "ANALYZE"), None)
    if head is None or (head.word not in EXPLAINED and head.text != "("):
        raise PermissionDenied("EXPLAIN is for queries and changes of rows")


def _check_targets(tokens: Tokens, schema: str) -> None:
    temporary = says_temporary(tokens)
    for target in targets(tokens):
        names = target.names[:-1] if target.word == "COLUMN" else target.names
        if names and not (temporary and len(names) == 1):
            rules.check_written(names, schema, is_schema=target.word == "SCHEMA")
        if target.word == "SCHEMA" and tokens[0].word == "DROP" and names[-1].lower() == "main":
            raise PermissionDenied("schema main is where sessions begin: drop its tables instead")


def _check_name(tokens: Tokens, position: int) -> None:
    token = tokens[position]
    if token.is_name:
        rules.check_name(token.text)
        if position + 1 < len(tokens) and tokens[position + 1].text == ".":
            rules.check_schema(token.text)


def _check_source(tokens: Tokens, position: int) -> None:
    """A table that is read must not be a file in disguise."""
    names, _ = dotted_name(tokens, position)
    full = ".".join(names)
    if tokens[position].kind == "string" or looks_like_file(full):
        raise unnamed_reader(full)


def _calls(tokens: Tokens) -> Iterator[int]:
    """Positions of names before an opening parenthesis, but for tables and views before their list of columns."""
    listed = {target.positions[-1] for target in targets(tokens) if target.word in _COLUMN_LISTS}
    for position, token in enumerate(tokens[:-1]):
        if token.is_name and tokens[position + 1].text == "(" and position not in listed:
            yield position


def _plain_arguments(tokens: Tokens, position: int, name: str) -> Iterator[str]:
    """The first argument of the function at position: a plain string or a list of them, and nothing more."""
    is_list = tokens[position + 2 : position + 3] and tokens[position + 2].text == "["
    at = position + (3 if is_list else 2)
    while at + 1 < len(tokens) and tokens[at].kind == "string" and tokens[at].plain:
        yield tokens[at].text
        following = tokens[at + 1]
        if following.kind == "operator" and following.text == ("]" if is_list else ")"):
            return
        if following.kind != "operator" or following.text != ",":
            break
        if not is_list:
            return
        at += 2
    raise PermissionDenied(f"{name} takes names as plain strings")
