package clientgo

import (
	"context"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func TestAQueryGivesItsRows(t *testing.T) {
	same(t, query(t, open(t), "SELECT range AS a, 'x' || range AS b FROM range(3)"), "0,x0", "1,x1", "2,x2")
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	options := login()
	options[adbc.OptionKeyPassword] = "wrong"
	database, err := flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(options)
	must(t, err)
	defer func() { _ = database.Close() }()
	connection, err := database.Open(context.Background())
	if err == nil {
		defer func() { _ = connection.Close() }()
		_, _, err = statement(t, connection, "SELECT 1").ExecuteQuery(context.Background())
	}
	refused(t, err, "[unauthenticated]")
}

func TestAnErrorIsDuckdbsOwn(t *testing.T) {
	_, _, err := statement(t, open(t), "SELEC 1").ExecuteQuery(context.Background())
	refused(t, err, "syntax error at or near")
}

func TestAnUpdateTellsHowManyRowsItChanged(t *testing.T) {
	connection := open(t)
	update(t, connection, "CREATE OR REPLACE TABLE go_update (a INTEGER)")
	if count := update(t, connection, "INSERT INTO go_update VALUES (1), (2)"); count != 2 {
		t.Fatalf("%d rows", count)
	}
	same(t, query(t, connection, "SELECT sum(a)::INTEGER AS s FROM go_update"), "3")
}

func TestAPreparedStatementRunsWithValues(t *testing.T) {
	prepared := statement(t, open(t), "SELECT ?::BIGINT + 1 AS a, ? AS b")
	must(t, prepared.Prepare(context.Background()))
	schema, err := prepared.GetParameterSchema()
	must(t, err)
	if schema.NumFields() != 2 || schema.Field(0).Type.ID() != arrow.INT64 {
		t.Fatalf("parameters: %s", schema)
	}
	must(t, prepared.Bind(context.Background(), batch(t, []int64{41}, []string{"x"})))
	reader, _, err := prepared.ExecuteQuery(context.Background())
	must(t, err)
	same(t, rows(t, reader), "42,x")
}

func TestManyRowsAreBoundToOneInsert(t *testing.T) {
	connection := open(t)
	update(t, connection, "CREATE OR REPLACE TABLE go_bound (a BIGINT, b VARCHAR)")
	insert := statement(t, connection, "INSERT INTO go_bound VALUES (?, ?)")
	must(t, insert.Prepare(context.Background()))
	must(t, insert.Bind(context.Background(), batch(t, []int64{1, 2, 3}, []string{"x", "y", "z"})))
	count, err := insert.ExecuteUpdate(context.Background())
	must(t, err)
	if count != 3 {
		t.Fatalf("%d rows", count)
	}
	same(t, query(t, connection, "FROM go_bound ORDER BY a"), "1,x", "2,y", "3,z")
}

func TestTheSchemaIsToldWithoutRunning(t *testing.T) {
	described := statement(t, open(t), "SELECT 1::DECIMAL(9,2) AS d, error('it ran') AS e").(adbc.StatementExecuteSchema)
	schema, err := described.ExecuteSchema(context.Background())
	must(t, err)
	if schema.Field(0).Type.String() != "decimal(9, 2)" {
		t.Fatalf("%s", schema)
	}
}

func TestPartitionsAreReadByAnotherConnectionOfTheSession(t *testing.T) {
	connection := open(t)
	_, partitions, _, err := statement(t, connection, "FROM range(5)").ExecutePartitions(context.Background())
	must(t, err)
	if partitions.NumPartitions != 1 {
		t.Fatalf("%d partitions", partitions.NumPartitions)
	}
	reader, err := connection.ReadPartition(context.Background(), partitions.PartitionIDs[0])
	must(t, err)
	same(t, rows(t, reader), "0", "1", "2", "3", "4")
}

func TestACancelledContextEndsTheQueryOnTheServer(t *testing.T) {
	connection := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	text := "SELECT count(*) AS n FROM range(1_000_000) a, range(1_000_000) b WHERE a.range + b.range = -1 /* go */"
	ended := make(chan error, 1)
	running := statement(t, connection, text)
	go func() {
		reader, _, err := running.ExecuteQuery(ctx)
		if err == nil {
			for reader.Next() {
			}
			err = reader.Err()
			reader.Release()
		}
		ended <- err
	}()
	until(t, "1")
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("it was not cancelled")
	}
	until(t, "0")
}
