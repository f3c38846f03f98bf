package clientgo

import (
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
)

func TestTheCurrentSchemaIsSetAndTold(t *testing.T) {
	connection := open(t)
	update(t, connection, "CREATE SCHEMA IF NOT EXISTS go_session")
	update(t, connection, "CREATE OR REPLACE TABLE go_session.only_here AS SELECT 5 AS a")
	options := connection.(adbc.GetSetOptions)
	must(t, options.SetOption(adbc.OptionKeyCurrentDbSchema, "go_session"))
	schema, err := options.GetOption(adbc.OptionKeyCurrentDbSchema)
	must(t, err)
	same(t, []string{schema}, "go_session")
	same(t, query(t, connection, "FROM only_here"), "5")
	err = options.SetOption(adbc.OptionKeyCurrentDbSchema, "nowhere")
	if err == nil {
		t.Fatal("a schema that is not there was taken")
	}
	same(t, query(t, connection, "FROM only_here"), "5")
}

func TestTheCurrentCatalogIsSetAndTold(t *testing.T) {
	options := open(t).(adbc.GetSetOptions)
	must(t, options.SetOption(adbc.OptionKeyCurrentCatalog, "lakehouse"))
	catalog, err := options.GetOption(adbc.OptionKeyCurrentCatalog)
	must(t, err)
	same(t, []string{catalog}, "lakehouse")
	if options.SetOption(adbc.OptionKeyCurrentCatalog, "elsewhere") == nil {
		t.Fatal("a catalog that is not there was taken")
	}
}

func TestOptionsAreSetByNameAndListed(t *testing.T) {
	connection := open(t)
	options := connection.(adbc.GetSetOptions)
	must(t, options.SetOption(flightsql.OptionSessionOptionPrefix+"timezone", "Asia/Tokyo"))
	zone, err := options.GetOption(flightsql.OptionSessionOptionPrefix + "timezone")
	must(t, err)
	same(t, []string{zone}, "Asia/Tokyo")
	same(t, query(t, connection, "SELECT current_setting('TimeZone') AS z"), "Asia/Tokyo")
	all, err := options.GetOption(flightsql.OptionSessionOptions)
	must(t, err)
	holds(t, all, "catalog", "schema", "timezone")
	if options.SetOption(flightsql.OptionSessionOptionPrefix+"no_such_option", "x") == nil {
		t.Fatal("an option that is not there was taken")
	}
}

func TestOptionsAreOfOneSessionAlone(t *testing.T) {
	connection, other := open(t), open(t)
	must(t, connection.(adbc.GetSetOptions).SetOption(flightsql.OptionSessionOptionPrefix+"timezone", "Asia/Tokyo"))
	same(t, query(t, other, "SELECT current_setting('TimeZone') AS z"), "UTC")
}
