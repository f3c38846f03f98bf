package lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** DatabaseMetaData as a database browser walks it: catalogs, schemas, tables, columns, keys, indexes, routines. */
class MetadataTest extends Door {
    private static DatabaseMetaData metadata;

    @BeforeAll
    static void make() throws SQLException {
        metadata = connection.getMetaData();
        update("CREATE SCHEMA IF NOT EXISTS jdbc_tree");
        update("CREATE OR REPLACE TABLE jdbc_tree.a_b (id INTEGER NOT NULL, \"a_x\" VARCHAR, axx DECIMAL(9,2), l FLOAT[])");
        update("CREATE OR REPLACE TABLE jdbc_tree.axb (id INTEGER)");
        update("CREATE OR REPLACE VIEW jdbc_tree.seen AS SELECT id FROM jdbc_tree.a_b");
        update("COMMENT ON COLUMN jdbc_tree.a_b.axx IS 'an amount'");
    }

    private static List<String> tables(String schema, String pattern, String... types) throws SQLException {
        return column(metadata.getTables(null, schema, pattern, types.length == 0 ? null : types), "TABLE_NAME");
    }

    private static List<String> columns(String table, String pattern) throws SQLException {
        return column(metadata.getColumns("lakehouse", "jdbc_tree", table, pattern), "COLUMN_NAME");
    }

    @Test
    void the_one_catalog_is_listed() throws SQLException {
        assertEquals(List.of("lakehouse"), column(metadata.getCatalogs(), "TABLE_CAT"));
    }

    @Test
    void schemas_are_listed_of_all_catalogs_of_one_and_by_pattern() throws SQLException {
        assertTrue(column(metadata.getSchemas(), "TABLE_SCHEM").containsAll(List.of("main", "jdbc_tree")));
        assertEquals(List.of("jdbc_tree"), column(metadata.getSchemas("lakehouse", "jdbc\\_tr%"), "TABLE_SCHEM"));
        assertEquals(List.of(), column(metadata.getSchemas("elsewhere", "%"), "TABLE_SCHEM"));
    }

    @Test
    void kinds_of_tables_are_listed() throws SQLException {
        assertTrue(column(metadata.getTableTypes(), "TABLE_TYPE").containsAll(List.of("TABLE", "VIEW")));
    }

    @Test
    void tables_are_listed_by_pattern_and_kind() throws SQLException {
        assertEquals(List.of("a_b", "axb", "seen"), tables("jdbc_tree", "%"));
        assertEquals(List.of("a_b", "axb"), tables("jdbc_tree", "a_b"));
        assertEquals(List.of("a_b"), tables("jdbc_tree", "a\\_b"));
        assertEquals(List.of("seen"), tables("jdbc_tree", "%", "VIEW"));
        assertEquals(List.of("a_b", "axb"), tables("jdbc_tree", null, "TABLE", "SYSTEM TABLE"));
        assertEquals(List.of(), tables("jdbc_tree", "nothing"));
        assertEquals(List.of(), tables("jdbc_tree", "'; --"));
    }

    @Test
    void columns_are_listed_with_types_sizes_and_remarks() throws SQLException {
        assertEquals(List.of("id", "a_x", "axx", "l"), columns("a\\_b", "%"));
        try (ResultSet found = metadata.getColumns("lakehouse", "jdbc_tree", "a\\_b", "axx")) {
            assertTrue(found.next());
            assertEquals("DECIMAL(9,2)", found.getString("TYPE_NAME"));
            assertEquals(java.sql.Types.DECIMAL, found.getInt("DATA_TYPE"));
            assertEquals(9, found.getInt("COLUMN_SIZE"));
            assertEquals(2, found.getInt("DECIMAL_DIGITS"));
            assertEquals("YES", found.getString("IS_NULLABLE"));
            assertEquals(3, found.getInt("ORDINAL_POSITION"));
            assertEquals("NO", found.getString("IS_AUTOINCREMENT"));
            assertEquals("an amount", found.getString("REMARKS"));
            assertNull(found.getString("COLUMN_DEF"));
            assertFalse(found.next());
        }
        try (ResultSet found = metadata.getColumns(null, "jdbc_tree", "a\\_b", "id")) {
            assertTrue(found.next());
            assertEquals("NO", found.getString("IS_NULLABLE"));
        }
    }

    @Test
    void columns_are_chosen_by_a_pattern_that_has_no_escape_in_this_driver() throws SQLException {
        assertEquals(List.of("a_x", "axx"), columns("a\\_b", "a_x"));
        assertEquals(List.of(), columns("a\\_b", "a\\_x"));
    }

    @Test
    void keys_of_a_table_without_any_are_none() throws SQLException {
        assertFalse(metadata.getPrimaryKeys("lakehouse", "jdbc_tree", "a_b").next());
        assertFalse(metadata.getImportedKeys("lakehouse", "jdbc_tree", "a_b").next());
        assertFalse(metadata.getExportedKeys("lakehouse", "jdbc_tree", "a_b").next());
        assertFalse(metadata
            .getCrossReference("lakehouse", "jdbc_tree", "a_b", "lakehouse", "jdbc_tree", "axb").next());
    }

    @Test
    void what_flight_sql_has_no_command_for_is_empty_and_no_error() throws SQLException {
        assertFalse(metadata.getIndexInfo("lakehouse", "jdbc_tree", "a_b", false, true).next());
        assertFalse(metadata.getBestRowIdentifier(null, "jdbc_tree", "a_b", 1, true).next());
        assertFalse(metadata.getVersionColumns(null, "jdbc_tree", "a_b").next());
        assertFalse(metadata.getProcedures(null, null, "%").next());
        assertFalse(metadata.getProcedureColumns(null, null, "%", "%").next());
        assertFalse(metadata.getFunctions(null, null, "%").next());
        assertFalse(metadata.getFunctionColumns(null, null, "%", "%").next());
        assertFalse(metadata.getUDTs(null, null, "%", null).next());
        assertFalse(metadata.getTypeInfo().next());
        assertFalse(metadata.getTablePrivileges(null, null, "%").next());
        assertFalse(metadata.getColumnPrivileges(null, null, "a_b", "%").next());
        assertFalse(metadata.getSuperTables(null, null, "%").next());
        assertFalse(metadata.getPseudoColumns(null, null, "%", "%").next());
        assertFalse(metadata.getClientInfoProperties().next());
    }
}
