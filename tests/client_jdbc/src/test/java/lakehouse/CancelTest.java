package lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Statements that are given up while they run. */
@Timeout(60)
class CancelTest extends Door {
    private static final String ENDLESS =
        "SELECT count(*) AS n FROM range(1_000_000) a, range(1_000_000) b WHERE a.range + b.range = -1 /* %s */";

    /** Wait until so many statements run: the server's own count, seen from another connection. */
    private static void until(int running) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        while (true) {
            try (Statement health = connection.createStatement()) {
                String found = column(health.executeQuery("CALL health()"), "statements_running").get(0);
                if (Integer.parseInt(found) == running) {
                    return;
                }
            }
            assertTrue(System.nanoTime() < deadline, "the statements running never were " + running);
            Thread.sleep(20);
        }
    }

    @Test
    void cancelling_from_another_thread_interrupts_a_query_that_gave_no_row_yet() throws Exception {
        try (Connection own = open(""); Statement statement = own.createStatement()) {
            String text = String.format(ENDLESS, "cancelled");
            CompletableFuture<List<List<Object>>> result = CompletableFuture.supplyAsync(() -> {
                try {
                    return rows(statement.executeQuery(text));
                } catch (SQLException error) {
                    throw new IllegalStateException(error);
                }
            });
            until(1);
            statement.cancel();
            ExecutionException error = assertThrows(ExecutionException.class, result::get);
            assertTrue(told(error).toLowerCase().contains("cancel"), told(error));
            until(0);
        }
    }

    @Test
    void cancelling_ends_a_result_that_is_being_read() throws Exception {
        try (Connection own = open(""); Statement statement = own.createStatement()) {
            ResultSet result = statement.executeQuery("SELECT range AS a, repeat('x', 100) AS b FROM range(1_000_000_000)");
            assertTrue(result.next());
            until(1);
            statement.cancel();
            assertThrows(Exception.class, () -> rows(result));
            until(0);
        }
    }

    @Test
    void a_result_closed_in_the_middle_ends_its_query_on_the_server() throws Exception {
        try (Connection own = open(""); Statement statement = own.createStatement()) {
            ResultSet result = statement.executeQuery("SELECT range AS a, repeat('x', 100) AS b FROM range(1_000_000_000)");
            assertTrue(result.next());
            until(1);
            result.close();
            until(0);
        }
    }

    /** The driver only stops waiting: the query runs on until its statement is closed. */
    @Test
    void a_query_timeout_is_told_and_closing_the_statement_ends_the_query() throws Exception {
        try (Connection own = open("")) {
            Statement statement = own.createStatement();
            statement.setQueryTimeout(1);
            String text = String.format(ENDLESS, "timed out");
            SQLException error = assertThrows(SQLException.class, () -> statement.executeQuery(text));
            assertTrue(told(error).contains("timed out after 1"), told(error));
            until(1);
            statement.close();
            until(0);
        }
    }

    @Test
    void statements_of_other_connections_are_not_cancelled() throws Exception {
        try (Connection own = open(""); Statement statement = own.createStatement();
            Statement other = connection.createStatement()) {
            ResultSet kept = other.executeQuery("SELECT range FROM range(300_000)");
            assertTrue(kept.next());
            ResultSet result = statement.executeQuery("SELECT range AS a, repeat('x', 100) AS b FROM range(1_000_000_000)");
            assertTrue(result.next());
            statement.cancel();
            assertEquals(299_999, rows(kept).size());
        }
    }
}
