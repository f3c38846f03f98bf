package lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Connecting, what the URL can say, and where names resolve. */
class ConnectTest extends Door {
    private static SQLException refused(String parameters, String user, String password) {
        return assertThrows(SQLException.class, () -> DriverManager.getConnection(URL + parameters, user, password));
    }

    @Test
    void a_wrong_password_is_refused_and_not_repeated() {
        SQLException error = refused("", "admin", "a wrong secret");
        assertTrue(told(error).contains("name or password is wrong"), told(error));
        assertFalse(told(error).contains("a wrong secret"));
    }

    @Test
    void an_unknown_name_is_refused_in_the_same_words() {
        assertTrue(told(refused("", "nobody", "x")).contains("name or password is wrong"));
    }

    @Test
    void a_forged_token_is_refused() {
        SQLException error =
            assertThrows(SQLException.class, () -> DriverManager.getConnection(URL + "&token=forged"));
        assertTrue(told(error).contains("[unauthenticated]"), told(error));
    }

    @Test
    void an_api_key_is_taken_as_a_token_and_as_a_password() throws SQLException {
        String call = "CALL create_key(principal := 'admin', name := 'jdbc tests', expires_s := 600)";
        try (Statement statement = connection.createStatement()) {
            String key = column(statement.executeQuery(call), "key").get(0);
            try (Connection own = DriverManager.getConnection(URL + "&token=" + key)) {
                assertEquals(List.of(List.of(1)), query(own, "SELECT 1 AS one"));
            }
            try (Connection own = DriverManager.getConnection(URL, "admin", key)) {
                assertEquals(List.of(List.of(1)), query(own, "SELECT 1 AS one"));
            }
        }
    }

    @Test
    void parameters_that_the_driver_does_not_know_arrive_as_headers_and_do_no_harm() throws SQLException {
        try (Connection own = open("&application=report&x-request=1")) {
            assertEquals(List.of(List.of(1)), query(own, "SELECT 1 AS one"));
        }
    }

    @Test
    void a_connection_is_valid_until_it_is_closed() throws SQLException {
        Connection own = open("");
        assertTrue(own.isValid(5));
        own.close();
        assertTrue(own.isClosed());
        assertFalse(own.isValid(5));
    }

    @Test
    void the_catalog_of_the_url_is_taken() throws SQLException {
        Connection own = open("&catalog=lakehouse");
        assertEquals(List.of(List.of("lakehouse")), query(own, "SELECT current_catalog() AS c"));
        // With a catalog the driver ends the session, and then again on the channel that it has shut down.
        SQLException error = assertThrows(SQLException.class, own::close);
        assertTrue(told(error).contains("Channel shutdown"), told(error));
    }

    @Test
    void a_catalog_that_is_not_there_is_refused_at_the_connect() {
        assertThrows(SQLException.class, () -> open("&catalog=elsewhere"));
    }

    @Test
    void a_schema_is_chosen_by_use() throws SQLException {
        try (Connection own = open("")) {
            update("CREATE SCHEMA IF NOT EXISTS jdbc_side");
            update("CREATE OR REPLACE TABLE jdbc_side.only_here AS SELECT 7 AS a");
            try (Statement use = own.createStatement()) {
                assertFalse(use.execute("USE jdbc_side"));
            }
            assertEquals(List.of(List.of(7)), query(own, "FROM only_here"));
        }
    }

    @Test
    void set_catalog_and_set_schema_stay_in_this_driver() throws SQLException {
        try (Connection own = open("")) {
            own.setCatalog("lakehouse");
            own.setSchema("catalog");
            assertEquals("lakehouse", own.getCatalog());
            assertEquals("catalog", own.getSchema());
            assertEquals(List.of(List.of("main")), query(own, "SELECT current_schema() AS s"));
        }
    }
}
