"""Statements by which an administrator might reach what is closed to everybody, one per line, by what they go for.

{catalog}: DuckLake's catalog file. {lake}: folder of the lake's data files. {import}, {export}: the open folders;
{import} holds a.csv, and link.csv, a link that leads to the catalog file. Tables of the attacker: main.own (a INTEGER),
with the rows 1 and 2.
"""

CATALOG_WRITES = r"""
INSERT INTO catalog.ingests SELECT * FROM catalog.ingests
INSERT INTO lakehouse.catalog.ingests SELECT * FROM catalog.ingests
INSERT INTO "Catalog"."ingests" SELECT * FROM catalog.ingests
INSERT INTO CATALOG . /* here */ ingests SELECT * FROM catalog.ingests
INSERT INTO catalog -- a comment to the end of the line\n.ingests SELECT * FROM catalog.ingests
INSERT OR IGNORE INTO catalog.ingests SELECT * FROM catalog.ingests
WITH x AS (SELECT * FROM catalog.ingests) INSERT INTO catalog.ingests FROM x
UPDATE catalog.ingests SET actor = 'someone else'
DELETE FROM catalog.query_log_entries
DELETE FROM "catalog".query_log_entries WHERE true RETURNING *
TRUNCATE catalog.query_log_entries
TRUNCATE TABLE lakehouse.catalog.query_log_entries
MERGE INTO catalog.ingests USING catalog.ingests AS s ON false WHEN NOT MATCHED THEN INSERT *
DROP TABLE catalog.query_log_entries
DROP TABLE IF EXISTS lakehouse.catalog.query_log_entries CASCADE
DROP VIEW catalog.principals
DROP SCHEMA catalog CASCADE
DROP SCHEMA IF EXISTS "CATALOG" CASCADE
DROP SCHEMA lakehouse.vectors CASCADE
DROP SCHEMA main CASCADE
CREATE TABLE catalog.mine AS SELECT 1 AS a
CREATE OR REPLACE TABLE catalog.settings AS SELECT 1 AS a
CREATE TABLE IF NOT EXISTS lakehouse.catalog.mine (a INTEGER)
CREATE OR REPLACE VIEW catalog.settings AS SELECT 1 AS a
CREATE MACRO catalog.mine(a) AS a
CREATE FUNCTION lakehouse.catalog.mine(a) AS a
DROP MACRO catalog.mine
ALTER TABLE catalog.ingests ADD COLUMN mine INTEGER
ALTER TABLE IF EXISTS catalog.ingests RENAME TO gone
ALTER VIEW catalog.principals RENAME TO gone
COMMENT ON TABLE catalog.ingests IS 'mine'
COMMENT ON COLUMN catalog.ingests.actor IS 'mine'
COMMENT ON COLUMN lakehouse.catalog.ingests.actor IS 'mine'
COPY catalog.ingests FROM '{import}/a.csv'
EXPLAIN ANALYZE DELETE FROM catalog.query_log_entries
EXPLAIN (ANALYZE, FORMAT json) INSERT INTO catalog.ingests SELECT * FROM catalog.ingests
CREATE TABLE catalog.mine AS PIVOT main.own ON a USING count(*)
CREATE OR REPLACE TABLE catalog.jobs AS FROM (PIVOT main.own ON a USING count(*))
CREATE OR REPLACE MACRO memory.main.embed(txt) AS 'mine'
CREATE OR REPLACE MACRO memory.main.vector_search(a, b, k := 1) AS TABLE SELECT 1
CREATE TABLE memory.main.mine (a INTEGER)
"""

CLOSED_SCHEMAS = r"""
SELECT * FROM vectors.idx
SELECT * FROM lakehouse."Vectors".idx
SELECT * FROM deleted.own
SELECT (SELECT count(*) FROM vectors.idx)
WITH v AS (SELECT * FROM vectors.idx) SELECT * FROM v
SELECT * FROM main.own WHERE a IN (SELECT 1 FROM vectors.idx)
SELECT * FROM (VALUES (1)) t(a), LATERAL (SELECT * FROM vectors.idx)
SHOW TABLES FROM vectors
DESCRIBE vectors.idx
SUMMARIZE vectors.idx
INSERT INTO main.own SELECT 1 FROM main.own, vectors.idx
INSERT INTO main.own SELECT 1 FROM vectors/**/./**/idx
CREATE TABLE main.mine AS SELECT * FROM vectors.idx
CREATE VIEW main.mine AS SELECT * FROM "vectors"."idx"
CREATE MACRO mine() AS TABLE SELECT * FROM vectors.idx
UPDATE main.own SET a = (SELECT 1 FROM vectors.idx)
DELETE FROM main.own USING vectors.idx
COPY (SELECT * FROM vectors.idx) TO '{export}/out.csv'
COPY vectors.idx TO '{export}/out.csv'
PIVOT vectors.idx ON chunk_id USING count(*)
EXPLAIN SELECT * FROM vectors.idx
CREATE TABLE vectors.mine (a INTEGER)
CREATE TABLE deleted.own (a INTEGER)
CREATE SCHEMA deleted
FROM lakehouse.vectors.table_insertions('idx', 0, 1)
FROM vectors.table_changes('idx', 0, 1)
USE vectors
USE lakehouse."Vectors"
SET schema = 'deleted'
SET search_path = 'lakehouse.VECTORS,memory.main'
"""

PASSWORD_HASHES = r"""
SELECT * FROM catalog.principal_events
SELECT * FROM lakehouse.catalog."PRINCIPAL_EVENTS"
SELECT * FROM principal_events
SUMMARIZE catalog.principal_events
FROM histogram_values(catalog.principal_events, password_hash)
FROM lakehouse.catalog.table_insertions('principal_events', 0, 1)
FROM lakehouse.catalog.table_changes('PRINCIPAL_events', 0, 1)
CREATE VIEW main.mine AS SELECT * FROM principal_events
INSERT INTO main.own SELECT len(password_hash) FROM main.own, catalog.principal_events
INSERT INTO main.own SELECT 1 FROM main.own, 'principal_events'
INSERT INTO main.own SELECT 1 FROM lakehouse.catalog.table_insertions('principal_events', 0, 1)
CREATE TABLE main.mine AS SELECT MAP {{#1: password_hash}} FROM catalog.principal_events x -- #}}
FROM read_parquet('{lake}/catalog/principal_events/*.parquet')
FROM '{lake}/catalog/principal_events/*.parquet'
INSERT INTO main.own SELECT 1 FROM main.own, '{lake}/catalog/principal_events/*.parquet'
INSERT INTO main.own SELECT 1 FROM (main.own CROSS JOIN '{lake}/catalog/principal_events/*.parquet')
CREATE TABLE main.mine AS TABLE '{lake}/catalog/principal_events/*.parquet'
PIVOT '{lake}/catalog/principal_events/x.parquet' ON name
"""

METADATA = r"""
SELECT * FROM __ducklake_metadata_lakehouse.ducklake_snapshot
SELECT * FROM "__DUCKLAKE_metadata_lakehouse".main.ducklake_table
DELETE FROM __ducklake_metadata_lakehouse.ducklake_snapshot
UPDATE __ducklake_metadata_lakehouse.main.ducklake_snapshot_changes SET author = 'someone else'
INSERT INTO main.own SELECT 1 FROM main.own, __ducklake_metadata_lakehouse.ducklake_table
EXPLAIN ANALYZE SELECT * FROM __ducklake_metadata_lakehouse.ducklake_table
USE __ducklake_metadata_lakehouse
SELECT * FROM ducklake_snapshots('lakehouse')
FROM ducklake_expire_snapshots('lakehouse', older_than => now())
FROM system.main.ducklake_cleanup_old_files('lakehouse', cleanup_all => true)
FROM ducklake_set_option('lakehouse', 'data_inlining_row_limit', '10')
FROM lakehouse.set_option('data_inlining_row_limit', '10')
FROM lakehouse.set_commit_message('someone else', 'forged')
FROM lakehouse.merge_adjacent_files()
FROM lakehouse.options()
FROM lakehouse.settings()
INSERT INTO main.own SELECT 1 FROM lakehouse.set_commit_message('someone else', 'forged')
CREATE VIEW main.mine AS FROM ducklake_table_info('lakehouse')
"""

FUNCTIONS = r"""
SELECT getvariable('lakehouse_context')
SELECT ('lakehouse_context').getvariable()
SELECT system.main.GetVariable('lakehouse_context')
SELECT list_transform(['lakehouse_context'], x -> getvariable(x))
SELECT json_serialize_plan('SELECT getvariable(''lakehouse_context'')', optimize := true)
SELECT * FROM duckdb_variables()
SELECT getenv('LAKEHOUSE_ADMIN_PASSWORD')
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('catalog.principal_events')
FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))
SELECT write_log('mine')
SELECT * FROM duckdb_logs()
SELECT * FROM duckdb_logs
SELECT * FROM duckdb_secrets()
SELECT * FROM which_secret('s3://x', 's3')
SELECT * FROM duckdb_databases
SELECT * FROM pragma_database_list
SELECT * FROM read_duckdb('{catalog}')
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM python_map_function(1)
SELECT __settings()
SELECT __vector_search('token', 'idx', 'x', NULL, 1)
INSERT INTO main.own SELECT len(getvariable('lakehouse_context'))
INSERT INTO main.own SELECT len("getvariable" /* ( */ ('lakehouse_context'))
UPDATE main.own SET a = len(getvariable('lakehouse_context'))
DELETE FROM main.own WHERE getvariable('lakehouse_context') IS NOT NULL RETURNING *
CREATE MACRO mine() AS getvariable('lakehouse_context')
CREATE VIEW main.mine AS SELECT getvariable('lakehouse_context')
PIVOT (SELECT getvariable('lakehouse_context') AS a) ON a
COPY (SELECT getvariable('lakehouse_context')) TO '{export}/out.csv'
EXPLAIN ANALYZE SELECT getvariable('lakehouse_context')
"""

FILES = r"""
SELECT * FROM read_blob('{catalog}')
SELECT * FROM read_blob('{import}/../catalog/lake.ducklake')
SELECT * FROM read_blob('{import}/*/../../catalog/*')
SELECT * FROM read_blob('{import}*/a.csv')
SELECT * FROM read_blob(['{import}/a.csv', '{catalog}'])
SELECT * FROM read_blob('{import}/' || '../catalog/lake.ducklake')
SELECT * FROM read_blob('file:{catalog}')
SELECT * FROM read_blob('file://{catalog}')
SELECT * FROM read_text(E'{import}/\x2e\x2e/catalog/lake.ducklake')
SELECT * FROM read_text($${catalog}$$)
SELECT * FROM read_text('{import}/link.csv')
SELECT * FROM read_text('{import}/*.csv')
SELECT * FROM read_csv(delim := '{import}/a.csv', '{catalog}')
SELECT * FROM read_csv((SELECT '{catalog}'))
SELECT * FROM glob('{import}/../**')
SELECT * FROM read_text('http://127.0.0.1:1/x')
SELECT * FROM read_text('s3://bucket/x')
SELECT * FROM '{import}/a.csv'
SELECT * FROM "{import}/a"."csv"
SELECT * FROM sniff_csv('/etc/hosts')
INSERT INTO main.own SELECT size FROM read_blob('{catalog}')
INSERT INTO main.own SELECT size FROM read_blob('{import}/' || '../catalog/lake.ducklake')
INSERT INTO main.own SELECT size FROM read_blob(['{import}/a.csv', '{import}/' || '../catalog/lake.ducklake'])
INSERT INTO main.own SELECT size FROM read_blob(E'{import}/\x2e\x2e/catalog/lake.ducklake')
INSERT INTO main.own SELECT size FROM read_blob([$${catalog}$$])
INSERT INTO main.own SELECT size FROM read_blob((SELECT '{catalog}'))
CREATE MACRO mine(p) AS TABLE SELECT * FROM read_text(p)
CREATE TABLE main.mine AS FROM "{import}/a"."csv"
COPY main.own TO '{catalog}'
COPY main.own TO '{lake}/main/own/forged.parquet'
COPY main.own TO '{export}/../lake/main/own/forged.parquet'
COPY main.own TO E'{export}/\x2e\x2e/forged.csv'
COPY main.own TO $${export}/../forged.csv$$
COPY main.own TO '{export}/d' (FORMAT csv, PER_THREAD_OUTPUT, FILENAME_PATTERN '../../lake/forged_{{i}}')
COPY main.own TO '{export}/d' (FORMAT csv, PER_THREAD_OUTPUT, FILE_EXTENSION 'csv/../../forged')
COPY main.own TO STDOUT
COPY main.own TO '/dev/stdout'
COPY main.own TO ('{export}/' || '../forged.csv')
EXPLAIN ANALYZE COPY main.own TO '{catalog}'
EXPLAIN (ANALYZE, FORMAT json) COPY main.own TO '{lake}/main/own/forged.parquet'
EXPLAIN CREATE TABLE mine AS SELECT 1
INSERT INTO main.own SELECT 1 FROM main.own AS set, '{import}/a.csv'
INSERT INTO main.own SELECT 1 FROM main.own values, '{import}/a.csv'
INSERT INTO main.own SELECT 1 FROM VALUES (1) values, '{import}/a.csv'
INSERT INTO main.own SELECT 1 FROM main.own "set", '{import}/a.csv'
INSERT INTO main.own SELECT 1 FROM (VALUES (1)), '{import}/a.csv'
INSERT INTO main.own SELECT 1 FROM main.own JOIN main.own o USING (a), '{import}/a.csv'
INSERT INTO main.own SELECT 1 FROM main.own ASOF JOIN '{import}/a.csv' f ON own.a > f.a
MERGE INTO main.own USING '{import}/a.csv' f ON false WHEN NOT MATCHED THEN INSERT VALUES (1)
WITH x AS (FROM '{import}/a.csv') INSERT INTO main.own FROM x
COPY main.own FROM '{catalog}' (FORMAT csv)
COPY main.own FROM '{import}/link.csv'
"""

CONFIGURATION = r"""
ATTACH '{export}/mine.db' AS mine
ATTACH '{catalog}' AS mine
DETACH lakehouse
COPY FROM DATABASE lakehouse TO memory
EXPORT DATABASE '{export}/all'
INSTALL spatial
LOAD '{import}/mine.duckdb_extension'
CREATE SECRET mine (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE OR REPLACE TEMPORARY SECRET mine (TYPE s3)
CREATE PERSISTENT SECRET IF NOT EXISTS mine (TYPE s3)
DROP SECRET lake_data
CREATE INDEX mine ON main.own (a)
PRAGMA enable_profiling
PRAGMA database_list
PRAGMA force_checkpoint
SET enable_profiling = 'json'
SET GLOBAL enable_external_access = true
SET enable_logging = true
SET VARIABLE lakehouse_context = 'mine'
RESET VARIABLE lakehouse_context
RESET memory_limit
SET memory_limit = '1TB'
USE memory
CHECKPOINT
VACUUM
ANALYZE
PREPARE mine AS SELECT 1
EXECUTE mine
DEALLOCATE mine
RESET threads
DROP MACRO embed
DROP MACRO TABLE vector_search
DROP MACRO TABLE IF EXISTS rag
COMMENT ON MACRO embed IS 'x'
CREATE OR REPLACE MACRO embed(x) AS 1
CREATE MACRO main.vector_search(a) AS TABLE SELECT 1
SET GLOBAL schema = 'main'
ROLLBACK
"""

REFUSED_BY_DUCKDB = (
    "PRAGMA enable_logging",
    "SET TimeZone = 'UTC', lock_configuration = false",
    "IMPORT DATABASE '{import}'",
    "CREATE DATABASE mine",
    "WITH x AS (DELETE FROM catalog.query_log_entries RETURNING *) SELECT * FROM x",
    "COPY (DELETE FROM catalog.query_log_entries RETURNING *) TO '{export}/out.csv'",
    'SELECT * FROM U&"vec\\0074ors".idx',
)

SEVERAL = r"""
SELECT 1; DELETE FROM catalog.query_log_entries
SELECT 1; SELECT 2
PIVOT main.own ON a; DELETE FROM catalog.query_log_entries
DELETE FROM main.own; PIVOT main.own ON a
PIVOT main.own ON a; CREATE TABLE catalog.mine AS PIVOT main.own ON a
"""

UNREADABLE = (
    "SELECT * FROM vectors\u00a0.idx",
    "INSERT INTO main.own SELECT 1 FROM main.own, vectors\u00a0.idx",
    "INSERT INTO main.own SELECT 1 FROM main.own, \u3000vectors\u2003.\u00a0idx",
    "INSERT INTO catalog\u00a0.ingests SELECT * FROM catalog.ingests",
    "DELETE FROM\u00a0catalog.query_log_entries",
    "SELECT * FROM vec\u200btors.idx",
    "SELECT 1 \u202e",
)

ATTEMPTS = [
    line
    for block in (CATALOG_WRITES, CLOSED_SCHEMAS, PASSWORD_HASHES, METADATA, FUNCTIONS, FILES, CONFIGURATION, SEVERAL)
    for line in block.strip().splitlines()
]
