package lakehouse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.sql.Date;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Statements prepared once and run with values: queries, DML, batches. */
class PreparedTest extends Door {
    @BeforeEach
    void make() throws SQLException {
        update("DROP TABLE IF EXISTS jdbc_prepared");
        update("CREATE TABLE jdbc_prepared (a INTEGER, b VARCHAR, c DECIMAL(9,2), d DATE, e TIMESTAMP, f DOUBLE)");
    }

    private static List<List<Object>> firsts() throws SQLException {
        return query("SELECT a, b FROM jdbc_prepared ORDER BY a");
    }

    @Test
    void a_query_runs_again_with_other_values() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?::INTEGER + 1 AS v")) {
            statement.setInt(1, 5);
            assertEquals(List.of(List.of(6)), rows(statement.executeQuery()));
            statement.setInt(1, 6);
            assertEquals(List.of(List.of(7)), rows(statement.executeQuery()));
        }
    }

    @Test
    void parameters_are_described() throws SQLException {
        String text = "SELECT ?::INTEGER, ?::VARCHAR, ?::DECIMAL(9,2), ?::TIMESTAMP, ?";
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            ParameterMetaData found = statement.getParameterMetaData();
            assertEquals(5, found.getParameterCount());
            assertEquals(Types.INTEGER, found.getParameterType(1));
            assertEquals(Types.VARCHAR, found.getParameterType(2));
            assertEquals(Types.DECIMAL, found.getParameterType(3));
            assertEquals(Types.TIMESTAMP, found.getParameterType(4));
            assertEquals(Types.VARCHAR, found.getParameterType(5));
            assertTrue(found.isSigned(1));
        }
    }

    @Test
    void parameters_of_dml_have_the_types_of_their_columns() throws SQLException {
        String insert = "INSERT INTO jdbc_prepared VALUES (?, ?, ?, ?, ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            ParameterMetaData found = statement.getParameterMetaData();
            int[] expected = {
                Types.INTEGER, Types.VARCHAR, Types.DECIMAL, Types.DATE, Types.TIMESTAMP, Types.DOUBLE};
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], found.getParameterType(i + 1), "parameter " + (i + 1));
            }
        }
    }

    @Test
    void a_row_of_every_kind_is_inserted() throws SQLException {
        String insert = "INSERT INTO jdbc_prepared VALUES (?, ?, ?, ?, ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            statement.setInt(1, 1);
            statement.setString(2, "x");
            statement.setBigDecimal(3, new BigDecimal("1.25"));
            statement.setDate(4, Date.valueOf("2024-02-29"));
            statement.setTimestamp(5, Timestamp.valueOf("2024-02-29 12:34:56.789"));
            statement.setDouble(6, 0.5);
            assertEquals(1, statement.executeUpdate());
        }
        assertEquals(
            List.of(List.of("(1, x, 1.25, 2024-02-29, '2024-02-29 12:34:56.789', 0.5)")),
            query("SELECT row(a, b, c, d, e, f)::VARCHAR AS r FROM jdbc_prepared"));
    }

    @Test
    void columns_named_in_another_order_take_their_own_types() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO jdbc_prepared (b, a) VALUES (?, ?)")) {
            statement.setString(1, "y");
            statement.setInt(2, 2);
            assertEquals(1, statement.executeUpdate());
        }
        assertEquals(List.of(List.of(2, "y")), firsts());
    }

    @Test
    void execute_of_dml_runs_once_and_gives_its_count_as_a_result_in_this_driver() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO jdbc_prepared (a) VALUES (?)")) {
            statement.setInt(1, 1);
            assertTrue(statement.execute());
            assertEquals(List.of(List.of(1L)), rows(statement.getResultSet()));
        }
        assertEquals(List.of(List.of(1L)), query("SELECT count(*) AS n FROM jdbc_prepared"));
    }

    @Test
    void update_and_delete_take_values() throws SQLException {
        update("INSERT INTO jdbc_prepared (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z')");
        try (PreparedStatement statement = connection.prepareStatement("UPDATE jdbc_prepared SET b = ? WHERE a >= ?")) {
            statement.setString(1, "w");
            statement.setInt(2, 2);
            assertEquals(2, statement.executeUpdate());
        }
        try (PreparedStatement statement = connection.prepareStatement("DELETE FROM jdbc_prepared WHERE a = ?")) {
            statement.setInt(1, 3);
            assertEquals(1, statement.executeLargeUpdate());
        }
        assertEquals(List.of(List.of(1, "x"), List.of(2, "w")), firsts());
    }

    @Test
    void a_batch_is_one_execution_and_tells_its_sum() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO jdbc_prepared (a, b) VALUES (?, ?)")) {
            for (int i = 0; i < 100; i++) {
                statement.setInt(1, i);
                statement.setString(2, "b" + i);
                statement.addBatch();
            }
            assertArrayEquals(new int[] {100}, statement.executeBatch());
            statement.setInt(1, 100);
            statement.setString(2, null);
            statement.addBatch();
            assertArrayEquals(new int[] {1}, statement.executeBatch());
        }
        assertEquals(
            List.of(List.of(101L, 100L)), query("SELECT count(*) AS n, count(b) AS m FROM jdbc_prepared"));
    }

    @Test
    void a_batch_of_which_a_row_fails_leaves_nothing() throws SQLException {
        update("CREATE OR REPLACE TABLE jdbc_strict (a INTEGER NOT NULL)");
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO jdbc_strict VALUES (?)")) {
            statement.setInt(1, 1);
            statement.addBatch();
            statement.setNull(1, Types.INTEGER);
            statement.addBatch();
            assertThrows(Exception.class, statement::executeBatch);
        }
        assertEquals(List.of(), query("FROM jdbc_strict"));
    }

    @Test
    void values_that_are_missing_are_refused() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?::INTEGER, ?::INTEGER")) {
            statement.setInt(1, 5);
            assertThrows(SQLException.class, statement::executeQuery);
            assertThrows(SQLException.class, () -> statement.setInt(3, 5));
        }
    }

    @Test
    void what_can_not_be_prepared_is_told_with_its_position() {
        SQLException error = assertThrows(
            SQLException.class, () -> connection.prepareStatement("SELECT nothing_like_it FROM jdbc_prepared"));
        assertTrue(told(error).contains("nothing_like_it"), told(error));
    }
}
