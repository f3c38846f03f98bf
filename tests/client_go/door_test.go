// Package clientgo runs the ADBC Flight SQL driver for Go against a real server. test_go.py starts both.
package clientgo

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// login holds what a database is opened with.
func login() map[string]string {
	return map[string]string{
		adbc.OptionKeyURI:      os.Getenv("LAKEHOUSE_TEST_URI"),
		adbc.OptionKeyUsername: "admin",
		adbc.OptionKeyPassword: os.Getenv("LAKEHOUSE_TEST_PASSWORD"),
	}
}

// open gives a connection that is closed with the test.
func open(t *testing.T) adbc.Connection {
	t.Helper()
	database, err := flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(login())
	must(t, err)
	connection, err := database.Open(context.Background())
	must(t, err)
	t.Cleanup(func() {
		_ = connection.Close()
		_ = database.Close()
	})
	return connection
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// statement gives one with its text set, closed with the test.
func statement(t *testing.T, connection adbc.Connection, sql string) adbc.Statement {
	t.Helper()
	made, err := connection.NewStatement()
	must(t, err)
	t.Cleanup(func() { _ = made.Close() })
	if sql != "" {
		must(t, made.SetSqlQuery(sql))
	}
	return made
}

// update runs a statement and gives the number of rows that it changed.
func update(t *testing.T, connection adbc.Connection, sql string) int64 {
	t.Helper()
	count, err := statement(t, connection, sql).ExecuteUpdate(context.Background())
	must(t, err)
	return count
}

// query runs a statement and gives its rows, values as text and joined by commas.
func query(t *testing.T, connection adbc.Connection, sql string) []string {
	t.Helper()
	reader, _, err := statement(t, connection, sql).ExecuteQuery(context.Background())
	must(t, err)
	return rows(t, reader)
}

func rows(t *testing.T, reader array.RecordReader) []string {
	t.Helper()
	defer reader.Release()
	found := []string{}
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			values := make([]string, batch.NumCols())
			for column := range values {
				values[column] = batch.Column(column).ValueStr(row)
			}
			found = append(found, strings.Join(values, ","))
		}
	}
	must(t, reader.Err())
	return found
}

// batch makes rows of (a BIGINT, b VARCHAR).
func batch(t *testing.T, numbers []int64, texts []string) arrow.RecordBatch {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues(numbers, nil)
	builder.Field(1).(*array.StringBuilder).AppendValues(texts, nil)
	made := builder.NewRecordBatch()
	t.Cleanup(made.Release)
	return made
}

func same(t *testing.T, found []string, expected ...string) {
	t.Helper()
	if strings.Join(found, ";") != strings.Join(expected, ";") {
		t.Fatalf("found %q, expected %q", found, expected)
	}
}

// refused checks that an error came and holds the words.
func refused(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was not refused")
	}
	if !strings.Contains(err.Error(), words) {
		t.Fatalf("%q does not hold %q", err.Error(), words)
	}
}
