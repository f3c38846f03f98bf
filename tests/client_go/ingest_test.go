package clientgo

import (
	"context"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
)

func ingest(t *testing.T, connection adbc.Connection, options map[string]string, rows arrow.RecordBatch) (int64, error) {
	t.Helper()
	loading := statement(t, connection, "")
	for key, value := range options {
		must(t, loading.SetOption(key, value))
	}
	must(t, loading.Bind(context.Background(), rows))
	return loading.ExecuteUpdate(context.Background())
}

func into(table string, mode string) map[string]string {
	return map[string]string{adbc.OptionKeyIngestTargetTable: table, adbc.OptionKeyIngestMode: mode}
}

func TestEveryModeOfIngest(t *testing.T) {
	connection := open(t)
	update(t, connection, "DROP TABLE IF EXISTS go_ingest")
	two := batch(t, []int64{1, 2}, []string{"x", "y"})
	_, err := ingest(t, connection, into("go_ingest", adbc.OptionValueIngestModeAppend), two)
	refused(t, err, "go_ingest")
	count, err := ingest(t, connection, into("go_ingest", adbc.OptionValueIngestModeCreate), two)
	must(t, err)
	if count != 2 {
		t.Fatalf("%d rows", count)
	}
	_, err = ingest(t, connection, into("go_ingest", adbc.OptionValueIngestModeCreate), two)
	refused(t, err, "already exists")
	_, err = ingest(t, connection, into("go_ingest", adbc.OptionValueIngestModeAppend), two)
	must(t, err)
	_, err = ingest(t, connection, into("go_ingest", adbc.OptionValueIngestModeCreateAppend), two)
	must(t, err)
	same(t, query(t, connection, "SELECT count(*) AS n FROM go_ingest"), "6")
	_, err = ingest(t, connection, into("go_ingest", adbc.OptionValueIngestModeReplace), two)
	must(t, err)
	same(t, query(t, connection, "FROM go_ingest ORDER BY a"), "1,x", "2,y")
}

func TestIngestIntoASchemaAndATemporaryTable(t *testing.T) {
	connection := open(t)
	update(t, connection, "CREATE SCHEMA IF NOT EXISTS go_side")
	rows := batch(t, []int64{7}, []string{"x"})
	options := into("placed", adbc.OptionValueIngestModeReplace)
	options[adbc.OptionValueIngestTargetCatalog] = "lakehouse"
	options[adbc.OptionValueIngestTargetDBSchema] = "go_side"
	_, err := ingest(t, connection, options, rows)
	must(t, err)
	same(t, query(t, connection, "FROM lakehouse.go_side.placed"), "7,x")

	options = into("go_temporary", adbc.OptionValueIngestModeCreate)
	options[adbc.OptionValueIngestTemporary] = adbc.OptionValueEnabled
	_, err = ingest(t, connection, options, rows)
	must(t, err)
	same(t, query(t, connection, "FROM go_temporary"), "7,x")
	_, _, err = statement(t, open(t), "FROM go_temporary").ExecuteQuery(context.Background())
	refused(t, err, "go_temporary")
}

func TestTransactionsCoverStatementsAndIngest(t *testing.T) {
	connection, other := open(t), open(t)
	update(t, connection, "CREATE OR REPLACE TABLE go_transaction (a BIGINT, b VARCHAR)")
	manual := connection.(adbc.PostInitOptions)
	must(t, manual.SetOption(adbc.OptionKeyAutoCommit, adbc.OptionValueDisabled))

	update(t, connection, "INSERT INTO go_transaction VALUES (1, 'x')")
	append := into("go_transaction", adbc.OptionValueIngestModeAppend)
	_, err := ingest(t, connection, append, batch(t, []int64{2}, []string{"y"}))
	must(t, err)
	same(t, query(t, connection, "SELECT count(*) AS n FROM go_transaction"), "2")
	same(t, query(t, other, "SELECT count(*) AS n FROM go_transaction"), "0")
	must(t, connection.Rollback(context.Background()))
	same(t, query(t, connection, "SELECT count(*) AS n FROM go_transaction"), "0")

	update(t, connection, "INSERT INTO go_transaction VALUES (3, 'z')")
	must(t, connection.Commit(context.Background()))
	same(t, query(t, other, "FROM go_transaction"), "3,z")
}
