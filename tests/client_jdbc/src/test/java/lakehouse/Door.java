package lakehouse;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** One connection for the tests of a class, and short ways to ask it something. */
abstract class Door {
    static final String PASSWORD = System.getenv("LAKEHOUSE_TEST_PASSWORD");
    /** Parameters follow as {@code &name=value}. */
    static final String URL =
        "jdbc:arrow-flight-sql://" + System.getenv("LAKEHOUSE_TEST_ADDRESS") + "?useEncryption=false";

    static Connection connection;

    @BeforeAll
    static void connect() throws SQLException {
        connection = open("");
    }

    @AfterAll
    static void close() throws SQLException {
        try {
            connection.close();
        } catch (SQLException error) {
            // What a refused binding took, the driver gives back only here, with a complaint.
            if (!told(error).contains("Memory was leaked")) {
                throw error;
            }
        }
    }

    static Connection open(String parameters) throws SQLException {
        Properties login = new Properties();
        login.setProperty("user", "admin");
        login.setProperty("password", PASSWORD);
        return DriverManager.getConnection(URL + parameters, login);
    }

    /** The rows of a result, which is then closed. */
    static List<List<Object>> rows(ResultSet result) throws SQLException {
        List<List<Object>> rows = new ArrayList<>();
        try (result) {
            while (result.next()) {
                List<Object> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(result.getObject(i));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    static List<List<Object>> query(Connection on, String sql) throws SQLException {
        try (Statement statement = on.createStatement()) {
            return rows(statement.executeQuery(sql));
        }
    }

    static List<List<Object>> query(String sql) throws SQLException {
        return query(connection, sql);
    }

    static int update(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    /** The values of one column of a result, as text. */
    static List<String> column(ResultSet result, String name) throws SQLException {
        List<String> values = new ArrayList<>();
        try (result) {
            while (result.next()) {
                values.add(result.getString(name));
            }
        }
        return values;
    }

    /** What the errors of a chain say, outermost first. */
    static String told(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (Throwable next = error; next != null; next = next.getCause()) {
            text.append(next.getMessage()).append('\n');
        }
        return text.toString();
    }
}
