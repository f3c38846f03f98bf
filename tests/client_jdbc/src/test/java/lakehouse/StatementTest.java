package lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** java.sql.Statement: what runs, how often, and what it tells. */
class StatementTest extends Door {
    private Statement statement;

    @BeforeEach
    void open() throws SQLException {
        statement = connection.createStatement();
        statement.executeUpdate("DROP TABLE IF EXISTS jdbc_statement");
        statement.executeUpdate("CREATE TABLE jdbc_statement (a INTEGER, b VARCHAR)");
    }

    @AfterEach
    void end() throws SQLException {
        statement.close();
    }

    @Test
    void a_query_gives_its_rows_by_name_and_position() throws SQLException {
        ResultSet result = statement.executeQuery("SELECT range AS a, 'x' || range AS b FROM range(3)");
        assertTrue(result.next());
        assertEquals(0, result.getLong(1));
        assertEquals("x0", result.getString("b"));
        assertEquals(2, rows(result).size());
    }

    @Test
    void an_update_tells_how_many_rows_it_changed() throws SQLException {
        assertEquals(2, statement.executeUpdate("INSERT INTO jdbc_statement VALUES (1, 'x'), (2, 'y')"));
        assertEquals(2, statement.executeLargeUpdate("UPDATE jdbc_statement SET b = 'z'"));
        assertEquals(1, statement.executeUpdate("DELETE FROM jdbc_statement WHERE a = 1"));
        assertEquals(List.of(List.of(2, "z")), query("FROM jdbc_statement"));
    }

    @Test
    void execute_tells_dml_from_a_query() throws SQLException {
        assertFalse(statement.execute("INSERT INTO jdbc_statement VALUES (1, 'x'), (2, 'y')"));
        assertEquals(2, statement.getUpdateCount());
        assertNull(statement.getResultSet());
        assertTrue(statement.execute("FROM jdbc_statement"));
        assertEquals(-1, statement.getUpdateCount());
        assertEquals(2, rows(statement.getResultSet()).size());
    }

    @Test
    void ddl_runs_once_and_changes_no_rows() throws SQLException {
        // Run twice, CREATE without OR REPLACE and DROP without IF EXISTS would fail.
        assertFalse(statement.execute("CREATE TABLE jdbc_once (a INTEGER)"));
        assertEquals(0, statement.getUpdateCount());
        assertEquals(0, statement.executeUpdate("ALTER TABLE jdbc_once ADD COLUMN b INTEGER"));
        assertEquals(0, statement.executeUpdate("DROP TABLE jdbc_once"));
    }

    @Test
    void a_setting_is_no_result() throws SQLException {
        assertFalse(statement.execute("SET TimeZone = 'Europe/Berlin'"));
        assertEquals(List.of(List.of("Europe/Berlin")), query("SELECT current_setting('TimeZone')"));
        assertEquals(0, statement.executeUpdate("SET TimeZone = 'UTC'"));
    }

    @Test
    void several_statements_in_one_text_are_refused() {
        SQLException error = assertThrows(SQLException.class, () -> statement.executeQuery("SELECT 1; SELECT 2"));
        assertTrue(told(error).contains("one statement at a time"), told(error));
    }

    @Test
    void an_error_is_duckdbs_own_and_the_statement_goes_on() throws SQLException {
        SQLException error = assertThrows(SQLException.class, () -> statement.executeQuery("SELEC 1"));
        assertTrue(told(error).contains("syntax error at or near"), told(error));
        assertEquals(List.of(List.of(1)), rows(statement.executeQuery("SELECT 1 AS one")));
    }

    @Test
    void a_maximum_of_rows_is_kept_by_the_driver() throws SQLException {
        statement.setMaxRows(2);
        assertEquals(2, rows(statement.executeQuery("FROM range(5)")).size());
        statement.setMaxRows(0);
        assertEquals(5, rows(statement.executeQuery("FROM range(5)")).size());
    }

    @Test
    void a_null_column_is_null_after_get() throws SQLException {
        ResultSet result = statement.executeQuery("SELECT NULL::INTEGER AS a, NULL::VARCHAR AS b, NULL AS c");
        assertTrue(result.next());
        assertEquals(0, result.getInt("a"));
        assertTrue(result.wasNull());
        assertNull(result.getString("b"));
        assertNull(result.getObject("c"));
        result.close();
    }

    @Test
    void an_empty_result_keeps_its_columns() throws SQLException {
        String text = "SELECT 1 AS a, 'x' AS b WHERE false";
        try (PreparedStatement prepared = connection.prepareStatement(text); ResultSet result = prepared.executeQuery()) {
            assertEquals(2, result.getMetaData().getColumnCount());
            assertFalse(result.next());
        }
        // Unprepared, this driver lists the columns of an empty result twice.
        try (ResultSet result = statement.executeQuery(text)) {
            assertEquals(4, result.getMetaData().getColumnCount());
            assertFalse(result.next());
        }
    }

    @Test
    void results_of_two_statements_are_read_side_by_side() throws SQLException {
        ResultSet first = statement.executeQuery("FROM range(100_000)");
        assertTrue(first.next());
        assertEquals(List.of(List.of(5)), query("SELECT 5 AS a"));
        assertEquals(99_999, rows(first).size());
    }

    @Test
    void a_result_closed_in_the_middle_frees_its_statement() throws SQLException {
        ResultSet result = statement.executeQuery("FROM range(100_000_000)");
        assertTrue(result.next());
        result.close();
        assertEquals(List.of(List.of(6)), rows(statement.executeQuery("SELECT 6 AS a")));
    }

    @Test
    void batches_of_texts_are_not_in_this_driver() throws SQLException {
        statement.addBatch("INSERT INTO jdbc_statement VALUES (1, 'x')");
        assertThrows(NullPointerException.class, statement::executeBatch);
        assertEquals(List.of(), query("FROM jdbc_statement"));
    }
}
