"""Where the lake lives: its catalog (a DuckDB file or Postgres) and its data files (a folder or S3)."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from server.config import Settings
from server.data_folder import DataFolder
from server.engine.extensions import load_extension
from server.errors import StartupError
from server.sql.quoting import literal

LAKE = "lakehouse"


@dataclass(frozen=True)
class LakeLocation:
    """catalog: what follows 'ducklake:' in ATTACH, without password. data_path: a folder or s3:// prefix, '/' last."""

    catalog: str
    data_path: str
    s3_endpoint: str
    s3_region: str
    s3_use_tls: bool
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    postgres_password: str = field(repr=False)

    @property
    def on_postgres(self) -> bool:
        return self.catalog.startswith("postgres:")

    @property
    def on_s3(self) -> bool:
        return self.data_path.startswith("s3://")

    @classmethod
    def of(cls, settings: Settings, folder: DataFolder) -> "LakeLocation":
        """Raises StartupError for a Postgres address that can't be one."""
        catalog, password = str(folder.catalog_file.resolve()), ""
        if settings.lake_catalog:
            catalog, password = _without_password(settings.lake_catalog)
        data_path = settings.lake_data or str(folder.lake.resolve())
        if not data_path.startswith("s3://"):
            data_path = str(Path(data_path).resolve())
        return cls(
            catalog=catalog,
            data_path=data_path.rstrip("/") + "/",
            s3_endpoint=settings.s3_endpoint,
            s3_region=settings.s3_region,
            s3_use_tls=settings.s3_use_tls,
            s3_access_key=settings.s3_access_key,
            s3_secret_key=settings.s3_secret_key.get_secret_value(),
            postgres_password=password,
        )

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load what the location needs and attach the lake. Inlining stays off: an inlined row lives in the catalog
        file, and flushing it has open correctness bugs upstream."""
        if self.on_postgres:
            load_extension(connection, "postgres_scanner")
            if self.postgres_password:
                # DuckDB's errors repeat the address, so the password reaches libpq another way.
                os.environ["PGPASSWORD"] = self.postgres_password
        if self.on_s3:
            load_extension(connection, "httpfs")
            self._create_secret(connection)
        if not self.on_postgres:
            self._make_catalog_file(connection)
        load_extension(connection, "ducklake")
        self.attach_again(connection)

    def attach_again(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Attach the lake, whose extensions and secrets are there."""
        # The lake remembers the absolute path it was made with; the settings say where it is now.
        connection.execute(
            f"ATTACH {literal('ducklake:' + self.catalog)} AS {LAKE} "
            f"(DATA_PATH {literal(self.data_path)}, OVERRIDE_DATA_PATH true, DATA_INLINING_ROW_LIMIT 0)"
        )

    def without_secrets(self, message: str) -> str:
        """DuckDB's message on one line, without what it may repeat of our own statements."""
        for secret in (self.s3_secret_key, self.s3_access_key, self.postgres_password):
            if secret:
                message = message.replace(secret, "***")
        return " ".join(message.split())

    def _make_catalog_file(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make an empty database under its final name in one step: what DuckDB has not finished when the process is
        killed would be no database to the next start."""
        file = Path(self.catalog)
        if file.exists():
            return
        if not self.on_s3 and next(Path(self.data_path).rglob("*.parquet"), None):
            raise StartupError(
                f"the catalog {file} is missing, but {self.data_path} holds data files: restore it, or move them away"
            )
        made = file.with_suffix(".new")
        for left in (made, Path(f"{made}.wal")):
            left.unlink(missing_ok=True)
        connection.execute(f"ATTACH {literal(str(made))} AS made")
        connection.execute("DETACH made")
        made.rename(file)

    def _create_secret(self, connection: duckdb.DuckDBPyConnection) -> None:
        options = {"TYPE": "s3", "REGION": literal(self.s3_region), "USE_SSL": str(self.s3_use_tls).lower()}
        if self.s3_access_key:
            options |= {"KEY_ID": literal(self.s3_access_key), "SECRET": literal(self.s3_secret_key)}
        if self.s3_endpoint:
            options |= {"ENDPOINT": literal(self.s3_endpoint), "URL_STYLE": "'path'"}
        listed = ", ".join(f"{key} {value}" for key, value in options.items())
        connection.execute(f"CREATE SECRET lake_data ({listed}, SCOPE {literal(self.data_path)})")


def _without_password(address: str) -> tuple[str, str]:
    """(address in libpq's key=value form, password) of the setting lake_catalog."""
    is_url = address.startswith(("postgres://", "postgresql://"))
    try:
        parts = conninfo_to_dict(address if is_url else address.removeprefix("postgres:"))
    except psycopg.ProgrammingError:  # its message may repeat the password
        raise StartupError("setting lake_catalog: PostgreSQL's client can't read this address") from None
    if "sslpassword" in parts:
        raise StartupError("setting lake_catalog: a key with a password (sslpassword) is not supported")
    password = str(parts.pop("password", None) or "")
    return f"postgres:{make_conninfo('', **parts)}", password
