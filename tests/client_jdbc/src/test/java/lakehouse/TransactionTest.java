package lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Autocommit and what this driver makes of switching it off. */
class TransactionTest extends Door {
    @BeforeEach
    void make() throws SQLException {
        update("DROP TABLE IF EXISTS jdbc_transaction");
        update("CREATE TABLE jdbc_transaction (a INTEGER)");
    }

    private static List<List<Object>> seen() throws SQLException {
        return query("SELECT count(*) AS n FROM jdbc_transaction");
    }

    @Test
    void a_statement_commits_by_itself() throws SQLException {
        assertTrue(connection.getAutoCommit());
        update("INSERT INTO jdbc_transaction VALUES (1)");
        try (Connection other = open("")) {
            assertEquals(List.of(List.of(1L)), query(other, "SELECT count(*) AS n FROM jdbc_transaction"));
        }
    }

    /** The driver keeps the flag, sends nothing, and each statement commits by itself all the same. */
    @Test
    void switching_autocommit_off_stays_in_this_driver() throws SQLException {
        try (Connection own = open(""); Statement statement = own.createStatement()) {
            own.setAutoCommit(false);
            assertFalse(own.getAutoCommit());
            statement.executeUpdate("INSERT INTO jdbc_transaction VALUES (1)");
            own.rollback();
            assertEquals(List.of(List.of(1L)), seen());
            own.commit();
            own.setAutoCommit(true);
            assertEquals(List.of(List.of(1L)), seen());
        }
    }

    @Test
    void a_transaction_is_begun_and_ended_by_sql() throws SQLException {
        try (Connection own = open(""); Statement statement = own.createStatement()) {
            assertFalse(statement.execute("BEGIN TRANSACTION"));
            assertEquals(1, statement.executeUpdate("INSERT INTO jdbc_transaction VALUES (1)"));
            try (PreparedStatement insert = own.prepareStatement("INSERT INTO jdbc_transaction VALUES (?)")) {
                insert.setInt(1, 2);
                assertEquals(1, insert.executeUpdate());
            }
            assertEquals(List.of(List.of(2L)), query(own, "SELECT count(*) AS n FROM jdbc_transaction"));
            assertEquals(List.of(List.of(0L)), seen());
            statement.execute("ROLLBACK");
            assertEquals(List.of(List.of(0L)), query(own, "SELECT count(*) AS n FROM jdbc_transaction"));
            statement.execute("BEGIN");
            statement.executeUpdate("INSERT INTO jdbc_transaction VALUES (3)");
            statement.execute("COMMIT");
            assertEquals(List.of(List.of(1L)), seen());
        }
    }
}
