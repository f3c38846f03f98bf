"""Settings: what each is, its default, unit and help, in one place; read once into one frozen object.

`catalog.settings` lists them, `python -m server serve --help` explains them, `server/config_sources.py` reads them.
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def setting(default: Any, help_text: str, unit: str = "", flag: bool = True, **bounds: Any) -> Any:
    """Describe one setting. `flag=False` keeps it off the command line, where other users could read it."""
    return Field(default, description=help_text, json_schema_extra={"unit": unit, "flag": flag}, **bounds)


def _catalog_address(value: str) -> str:
    if value and not value.startswith(("postgres:", "postgresql://")):
        raise ValueError(
            "must be empty (a DuckDB file in the data folder) or start with 'postgres:' or 'postgresql://'"
        )
    return value


def _lake_address(value: str) -> str:
    if "://" in value and not value.startswith("s3://"):
        raise ValueError("must be empty (a folder in the data folder), a folder or an 's3://bucket/prefix/' address")
    return value


def _http_address(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must be empty or start with 'http://' or 'https://'")
    return value


def _path(value: Path) -> Path:
    if "\0" in str(value):
        raise ValueError("must not hold a NUL character")
    return value


class Settings(BaseModel):
    """Every setting of the server. Unknown keys are errors; values are checked here and nowhere else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Annotated[Path, AfterValidator(_path)] = setting(
        Path("data"), "Folder of this server: catalog, lake files, indexes, keys, models."
    )
    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(31337, "TCP port to listen on; 0 takes a free one.", ge=0, le=65535)
    tls_certificate: Path | None = setting(
        None, "PEM file of the certificate chain; with it the server speaks TLS only."
    )
    tls_key: Path | None = setting(None, "PEM file of the certificate's private key.")
    tls_client_ca: Path | None = setting(None, "PEM file of the authorities whose client certificates are accepted.")
    tls_client_required: bool = setting(False, "Ask every client of port for a certificate of tls_client_ca, too.")
    tls_client_port: int | None = setting(
        None, "TCP port whose clients log in by certificate; 0 takes a free one, unset serves none.", ge=0, le=65535
    )
    tls_check_s: float = setting(10.0, "How often the TLS files are looked at for a change.", "s", gt=0)

    lake_catalog: Annotated[str, AfterValidator(_catalog_address)] = setting(
        "", "Where DuckLake's catalog lives: empty for a DuckDB file, or a Postgres address.", flag=False
    )
    lake_data: Annotated[str, AfterValidator(_lake_address)] = setting(
        "", "Where DuckLake's data files live: empty for a folder under data, another folder, or s3://bucket/prefix/."
    )
    s3_endpoint: str = setting("", "S3 endpoint as host:port; empty for the provider's own.")
    s3_region: str = setting("us-east-1", "S3 region.")
    s3_use_tls: bool = setting(True, "Speak TLS to the S3 endpoint.")
    s3_access_key: str = setting("", "S3 access key.", flag=False)
    s3_secret_key: SecretStr = setting(SecretStr(""), "S3 secret key.", flag=False)

    erasure_grace_s: float = setting(
        10.0, "How long statements and transactions may go on that stand in the way of an erasure.", "s", ge=0
    )

    import_folder: Path | None = setting(None, "Folder that ingest_file and read_csv may read; default data/import.")
    export_folder: Path | None = setting(None, "Folder that COPY … TO may write; default data/export.")

    threads: int = setting(0, "DuckDB threads; 0 for one per core.", ge=0, le=1024)
    memory: str = setting("", "DuckDB memory limit such as 8GB; empty for 60 % of the machine's.")
    temp_bytes_max: str = setting("50GB", "Disk space that DuckDB may spill to.")
    statements_running_max: int = setting(8, "Statements that run at once; more wait in the queue.", ge=1, le=1024)
    statements_queued_max: int = setting(64, "Statements that may wait; more are refused.", ge=0, le=100_000)
    queue_wait_s_max: float = setting(30.0, "Longest wait in the queue.", "s", gt=0)
    statement_s_max: float = setting(300.0, "Longest run of one statement.", "s", gt=0)
    result_held_bytes_max: int = setting(
        256 << 20, "Largest result that waits on the server: of CALL, RETURNING, PIVOT, EXPLAIN.", "bytes", ge=1 << 20
    )
    batch_rows: int = setting(122_880, "Rows of a record batch on the wire at most.", "rows", ge=2048, le=10_000_000)
    batch_bytes_max: int = setting(8 << 20, "Bytes of a record batch on the wire at most.", "bytes", ge=64 << 10)
    message_bytes_max: int = setting(
        16 << 20, "Largest message; a row over it is refused. Clients take 16 MiB by default.", "bytes", ge=64 << 10
    )
    result_rows_max: int = setting(0, "Rows of one result at most; 0 for no limit.", "rows", ge=0)
    result_bytes_max: int = setting(0, "Bytes of one result at most; 0 for no limit.", "bytes", ge=0)
    held_bytes_max: int = setting(
        1 << 30, "Results that wait on the server, all sessions together.", "bytes", ge=1 << 20
    )
    sessions_max: int = setting(1000, "Sessions at once.", ge=1)
    sessions_per_principal_max: int = setting(500, "Sessions of one principal at once.", ge=1)
    session_idle_s_max: float = setting(3600.0, "A session ends after this time without a call.", "s", gt=0)
    session_s_max: float = setting(86_400.0, "A session and its bearer token end after this time.", "s", gt=0)
    logins_running_max: int = setting(
        4, "Passwords checked at once, 64 MiB each; some more wait, the rest is refused.", ge=1, le=1024
    )
    login_delay_s_max: float = setting(30.0, "Longest delay after failed logins.", "s", gt=0, le=3600)
    jwt_secret: SecretStr = setting(SecretStr(""), "Secret that HS256 JSON Web Tokens are signed by.", flag=False)
    jwt_public_key: Path | None = setting(None, "PEM file of the RSA key that RS256 JSON Web Tokens are checked by.")
    jwt_jwks: Path | None = setting(None, "JWKS file of the RSA keys that RS256 JSON Web Tokens are checked by.")
    jwt_issuer: str = setting("", "Issuer (iss) that JSON Web Tokens must be from.")
    jwt_audience: str = setting("", "Audience (aud) that JSON Web Tokens must be for.")
    jwt_principal_claim: str = setting("sub", "Claim of a JSON Web Token that names the principal.", min_length=1)
    jwt_leeway_s: float = setting(30.0, "Clocks may differ by this much from a token's issuer.", "s", ge=0, le=300)
    statements_per_session_max: int = setting(
        32, "Statements of one session that run, wait or stream at once; more are refused.", ge=1, le=100_000
    )
    transactions_per_session_max: int = setting(16, "Transactions that a session may have open.", ge=1, le=10_000)
    prepared_max: int = setting(1000, "Prepared statements a session may hold.", ge=1)

    upload_bytes_max: int = setting(256 << 20, "Largest file that ingest_file takes as bytes.", "bytes", ge=1)
    parse_s_max: float = setting(600.0, "Longest time for reading one ingested file.", "s", gt=0)
    parse_memory_bytes_max: int = setting(8 << 30, "Memory of the process that reads an ingested file.", "bytes")

    schema_evolution: Literal["safe", "ask"] = setting(
        "safe", "Changes of a schema that a load applies by itself: safe for those that lose nothing, ask for none."
    )
    pii_detection: bool = setting(
        True, "Look for personal data in a sample of the rows that make a new table, in the same commit."
    )
    lineage: bool = setting(
        True, "Record what CREATE TABLE AS and INSERT … SELECT take columns from, in the same commit."
    )

    embedding_provider: Literal["builtin", "ollama"] = setting("builtin", "Who embeds text: builtin or ollama.")
    embedding_model: str = setting("", "Embedding model of Ollama; the built-in one has its own.")
    chat_model: str = setting("", "Chat model of Ollama for rag and propose_migration; empty for extractive answers.")
    ollama_url: str = setting("http://127.0.0.1:11434", "Address of the Ollama service.")
    model_s_max: float = setting(120.0, "Longest wait for one answer of a model service.", "s", gt=0)
    embedding_threads: int = setting(0, "Threads of the built-in embedding model; 0 for one per core.", ge=0)

    cache_bytes_max: int = setting(
        1 << 30, "Memory that the copies of pinned datasets may take, all together.", "bytes", ge=1 << 20
    )
    search_k_max: int = setting(1000, "Largest k of vector_search.", ge=1, le=100_000)
    rag_k_max: int = setting(50, "Largest k of rag.", ge=1, le=1000)
    query_chars_max: int = setting(100_000, "Longest query text of vector_search, rag and embed.", "characters", ge=1)
    exact_rows_max: int = setting(5000, "An index of up to this many chunks is searched exactly by default.", ge=0)
    job_retries_max: int = setting(3, "Times a background job is tried again after a failure.", ge=0)
    checkpoint_s: float = setting(5.0, "An embedding job commits what it has at least this often.", "s", gt=0)

    compact_small_bytes: int = setting(16 << 20, "A data file below this is small to compact().", "bytes", ge=1)
    compact_files_min: int = setting(16, "compact() without a dataset takes those with this many small files.", ge=2)
    compact_deleted_share: float = setting(
        0.1, "compact() without a dataset takes those with this share of deleted rows in their files.", gt=0, le=1
    )
    replaced_files_s: float = setting(
        172_800.0, "Files that compaction merged into others are removed after this time.", "s", ge=0
    )
    unknown_files_s: float = setting(
        172_800.0, "Data files that the catalog does not know are removed after this time.", "s", ge=86_400
    )

    profile_commits_min: int = setting(
        1, "profile_columns() without a dataset takes those with this many commits since their profile.", ge=1
    )

    snapshots_kept_s: float = setting(
        604_800.0, "Snapshots older than this expire; the newest stays. They are what time travel can reach.", "s", ge=0
    )
    snapshots_kept_max: int = setting(10_000, "Of more snapshots than this the oldest expire.", ge=1)

    journal_default: Literal["off", "commits", "rows"] = setting(
        "commits",
        "What is journalled of datasets that set_journal was not called for: off, their commits, or changed rows too.",
    )
    journal_flush_s: float = setting(
        2.0, "The journal looks for commits and appended events at least this often.", "s", gt=0
    )

    query_log_flush_s: float = setting(10.0, "The query log is written to the lake at least this often.", "s", gt=0)
    query_log_rows_max: int = setting(
        10_000, "Records that wait for the lake before they are written to it early; the most in one commit.", ge=1
    )
    log_sync_s: float = setting(
        0.05, "A record that no answer waits for is on the device after this time.", "s", gt=0, le=60
    )
    log_bytes_max: int = setting(
        4 << 30, "Records on disk that wait for the lake; statements are refused beyond.", "bytes", ge=64 << 10
    )
    log_statements: bool = setting(True, "Write a log line, at level info, for each statement that ended.")
    metrics_host: str = setting("127.0.0.1", "Address that serves /metrics, /healthz and /readyz by plain HTTP.")
    metrics_port: int | None = setting(
        None, "TCP port of /metrics, /healthz and /readyz; 0 takes a free one, unset serves none.", ge=0, le=65535
    )
    otel_endpoint: Annotated[str, AfterValidator(_http_address)] = setting(
        "", "Base address of an OTLP/HTTP receiver of traces, such as http://127.0.0.1:4318; empty sends none."
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting("info", "Least severe log line that is written.")

    @property
    def import_path(self) -> Path:
        return (self.import_folder or self.data / "import").resolve()

    @property
    def export_path(self) -> Path:
        return (self.export_folder or self.data / "export").resolve()


def unit_of(name: str) -> str:
    extra = Settings.model_fields[name].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def has_flag(name: str) -> bool:
    extra = Settings.model_fields[name].json_schema_extra
    return bool(extra["flag"]) if isinstance(extra, dict) else True


def environment_name(name: str) -> str:
    return f"LAKEHOUSE_{name.upper()}"


def shown(settings: Settings, name: str) -> str:
    """The value as `catalog.settings` shows it: addresses and secrets that may hold a password are masked."""
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else ""
    if name in ("lake_catalog", "s3_access_key"):
        return "(set)" if value else ""
    if name in ("ollama_url", "otel_endpoint"):
        address = urlsplit(value)
        return str(urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2])))
    return "" if value is None else str(value)
