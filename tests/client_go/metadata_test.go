package clientgo

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
)

// until waits until so many statements run on the server.
func until(t *testing.T, running string) {
	t.Helper()
	connection := open(t)
	deadline := time.Now().Add(15 * time.Second)
	for found := ""; found != running; {
		if time.Now().After(deadline) {
			t.Fatalf("%s statements run, not %s", found, running)
		}
		time.Sleep(20 * time.Millisecond)
		reader, _, err := statement(t, connection, "CALL health()").ExecuteQuery(context.Background())
		must(t, err)
		place := reader.Schema().FieldIndices("statements_running")[0]
		found = strings.Split(rows(t, reader)[0], ",")[place]
	}
}

func tree(t *testing.T, connection adbc.Connection) {
	t.Helper()
	update(t, connection, "CREATE SCHEMA IF NOT EXISTS go_tree")
	update(t, connection, "CREATE OR REPLACE TABLE go_tree.leaf (id INTEGER NOT NULL, amount DECIMAL(9,2))")
	update(t, connection, "CREATE OR REPLACE VIEW go_tree.seen AS SELECT id FROM go_tree.leaf")
}

func objects(t *testing.T, depth adbc.ObjectDepth, table, column *string, kinds []string) string {
	t.Helper()
	connection := open(t)
	tree(t, connection)
	schema := "go_tree"
	reader, err := connection.GetObjects(context.Background(), depth, nil, &schema, table, column, kinds)
	must(t, err)
	return strings.Join(rows(t, reader), ";")
}

func holds(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Fatalf("%q does not hold %q", text, word)
		}
	}
}

func lacks(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Fatalf("%q holds %q", text, word)
		}
	}
}

func TestObjectsAreListedAtEveryDepth(t *testing.T) {
	catalogs := objects(t, adbc.ObjectDepthCatalogs, nil, nil, nil)
	holds(t, catalogs, "lakehouse")
	lacks(t, catalogs, "go_tree")
	schemas := objects(t, adbc.ObjectDepthDBSchemas, nil, nil, nil)
	holds(t, schemas, "go_tree")
	lacks(t, schemas, "leaf")
	tables := objects(t, adbc.ObjectDepthTables, nil, nil, nil)
	holds(t, tables, "leaf", "seen", "TABLE", "VIEW")
	lacks(t, tables, "amount")
	holds(t, objects(t, adbc.ObjectDepthColumns, nil, nil, nil), "leaf", "amount", "id")
}

func TestObjectsAreFiltered(t *testing.T) {
	pattern, column := "le%", "am_unt"
	found := objects(t, adbc.ObjectDepthColumns, &pattern, &column, nil)
	holds(t, found, "leaf", "amount")
	lacks(t, found, "seen", `"id"`)
	views := objects(t, adbc.ObjectDepthTables, nil, nil, []string{"VIEW"})
	holds(t, views, "seen")
	lacks(t, views, "leaf")
}

func TestTheSchemaOfATableIsTold(t *testing.T) {
	connection := open(t)
	tree(t, connection)
	catalog, schema := "lakehouse", "go_tree"
	found, err := connection.GetTableSchema(context.Background(), &catalog, &schema, "leaf")
	must(t, err)
	if found.Field(0).Nullable || found.Field(0).Type.ID() != arrow.INT32 {
		t.Fatalf("%s", found)
	}
	if found.Field(1).Type.String() != "decimal(9, 2)" {
		t.Fatalf("%s", found)
	}
	_, err = connection.GetTableSchema(context.Background(), &catalog, &schema, "nothing")
	if err == nil {
		t.Fatal("a table that is not there has a schema")
	}
}

func TestKindsOfTablesAreListed(t *testing.T) {
	reader, err := open(t).GetTableTypes(context.Background())
	must(t, err)
	holds(t, strings.Join(rows(t, reader), ";"), "TABLE", "VIEW")
}

func TestTheServerSaysWhatItIs(t *testing.T) {
	reader, err := open(t).GetInfo(context.Background(), []adbc.InfoCode{
		adbc.InfoVendorName, adbc.InfoVendorVersion, adbc.InfoVendorSql, adbc.InfoDriverName, adbc.InfoVendorSubstrait,
	})
	must(t, err)
	holds(t, strings.Join(rows(t, reader), ";"), "Lakehouse", "ADBC Flight SQL Driver - Go")
}
