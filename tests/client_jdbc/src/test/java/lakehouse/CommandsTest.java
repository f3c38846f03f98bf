package lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Statements that give rows and are no SELECT. */
class CommandsTest extends Door {
    @BeforeAll
    static void make() throws SQLException {
        update("CREATE OR REPLACE TABLE jdbc_commands (a INTEGER, b VARCHAR)");
        update("INSERT INTO jdbc_commands VALUES (1, 'x'), (2, 'y'), (3, 'x')");
    }

    @Test
    void an_operation_is_called_by_a_statement() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            assertTrue(statement.execute("CALL health()"));
            assertEquals(List.of("ok"), column(statement.getResultSet(), "status"));
        }
    }

    @Test
    void an_operation_is_called_with_bound_arguments() throws SQLException {
        try (PreparedStatement call = connection.prepareStatement("CALL set_metadata(dataset := ?, owner := ?)")) {
            assertEquals(2, call.getParameterMetaData().getParameterCount());
            call.setString(1, "jdbc_commands");
            call.setString(2, "somebody");
            assertEquals(List.of("somebody"), column(call.executeQuery(), "value"));
        }
        assertEquals(
            List.of(List.of("somebody")), query("SELECT owner FROM catalog.datasets WHERE dataset = 'jdbc_commands'"));
    }

    @Test
    void a_plan_is_explained() throws SQLException {
        assertFalse(query("EXPLAIN SELECT 1").isEmpty());
    }

    @Test
    void a_table_is_described_and_summarised() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            assertEquals(List.of("a", "b"), column(statement.executeQuery("DESCRIBE jdbc_commands"), "column_name"));
            assertEquals(List.of("a", "b"), column(statement.executeQuery("SUMMARIZE jdbc_commands"), "column_name"));
        }
    }

    @Test
    void tables_are_shown() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            assertTrue(column(statement.executeQuery("SHOW TABLES"), "name").contains("jdbc_commands"));
        }
    }

    @Test
    void a_pivot_gives_rows() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            ResultSet result = statement.executeQuery("PIVOT jdbc_commands ON b USING sum(a)");
            assertTrue(result.next());
            assertEquals(4, result.getInt("x"));
            assertEquals(2, result.getInt("y"));
            result.close();
        }
    }

    @Test
    void returning_gives_the_rows_of_one_run() throws SQLException {
        // DuckLake has no RETURNING: a temporary table is DuckDB's own.
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE jdbc_returning (a INTEGER)");
            ResultSet result = statement.executeQuery("INSERT INTO jdbc_returning VALUES (1), (2) RETURNING a + 10 AS c");
            assertEquals(List.of(List.of(11), List.of(12)), rows(result));
            assertEquals(List.of(List.of(1), List.of(2)), query("FROM jdbc_returning"));
            statement.execute("DROP TABLE jdbc_returning");
        }
    }

    @Test
    void callable_statements_are_not_in_this_driver() {
        assertThrows(SQLException.class, () -> connection.prepareCall("CALL health()"));
    }
}
