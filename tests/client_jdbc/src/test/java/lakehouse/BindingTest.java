package lakehouse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.Calendar;
import java.util.TimeZone;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each bindable type into a parameter of the DuckDB type beside it: what arrives, as DuckDB writes it. */
class BindingTest extends Door {
    private interface Setter {
        void set(PreparedStatement statement) throws SQLException;
    }

    /** The bound value as DuckDB's text, null for NULL. */
    private static String bound(String type, Setter setter) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT (?::" + type + ")::VARCHAR AS v")) {
            assertEquals(1, statement.getParameterMetaData().getParameterCount());
            setter.set(statement);
            try (ResultSet result = statement.executeQuery()) {
                assertTrue(result.next());
                return result.getString(1);
            }
        }
    }

    private static Calendar in(String zone) {
        return Calendar.getInstance(TimeZone.getTimeZone(zone));
    }

    @Test
    void set_boolean() throws SQLException {
        assertEquals("true", bound("BOOLEAN", s -> s.setBoolean(1, true)));
        assertEquals("false", bound("BOOLEAN", s -> s.setBoolean(1, false)));
    }

    @Test
    void set_byte_short_int_long() throws SQLException {
        assertEquals("-128", bound("TINYINT", s -> s.setByte(1, Byte.MIN_VALUE)));
        assertEquals("-32768", bound("SMALLINT", s -> s.setShort(1, Short.MIN_VALUE)));
        assertEquals("-2147483648", bound("INTEGER", s -> s.setInt(1, Integer.MIN_VALUE)));
        assertEquals("-9223372036854775808", bound("BIGINT", s -> s.setLong(1, Long.MIN_VALUE)));
        assertEquals("5", bound("BIGINT", s -> s.setInt(1, 5)));
        assertEquals("255", bound("UTINYINT", s -> s.setInt(1, 255)));
    }

    @Test
    void set_float_double() throws SQLException {
        assertEquals("1.5", bound("FLOAT", s -> s.setFloat(1, 1.5f)));
        assertEquals("1e-300", bound("DOUBLE", s -> s.setDouble(1, 1e-300)));
        assertEquals("3.0", bound("DOUBLE", s -> s.setInt(1, 3)));
    }

    @Test
    void set_big_decimal_of_the_parameters_own_scale() throws SQLException {
        assertEquals("12345.678", bound("DECIMAL(18,3)", s -> s.setBigDecimal(1, new BigDecimal("12345.678"))));
        assertEquals("-0.5", bound("DECIMAL(2,1)", s -> s.setBigDecimal(1, new BigDecimal("-0.5"))));
        String large = "17014118346046923173168730371588410572";
        assertEquals(large, bound("HUGEINT", s -> s.setBigDecimal(1, new BigDecimal(large))));
        // The driver asks for the scale exactly.
        assertThrows(SQLException.class, () -> bound("DECIMAL(18,3)", s -> s.setBigDecimal(1, new BigDecimal("1.5"))));
    }

    @Test
    void set_string() throws SQLException {
        assertEquals("ünï ✓ '; --", bound("VARCHAR", s -> s.setString(1, "ünï ✓ '; --")));
        assertEquals("", bound("VARCHAR", s -> s.setString(1, "")));
        assertEquals("n", bound("VARCHAR", s -> s.setNString(1, "n")));
    }

    @Test
    void set_string_into_what_has_no_setter() throws SQLException {
        String id = "5b1e2a0e-0000-4000-8000-000000000001";
        assertEquals(id, bound("UUID", s -> s.setString(1, id)));
        assertEquals("{\"a\":1}", bound("JSON", s -> s.setString(1, "{\"a\":1}")));
        assertEquals("3 days", bound("INTERVAL", s -> s.setString(1, "3 days")));
        assertEquals("{'a': 1}", bound("STRUCT(a INTEGER)", s -> s.setString(1, "{'a': 1}")));
        assertEquals("{k=1}", bound("MAP(VARCHAR, INTEGER)", s -> s.setString(1, "{k=1}")));
    }

    @Test
    void set_bytes() throws SQLException {
        assertEquals("\\x00\\xFFx", bound("BLOB", s -> s.setBytes(1, new byte[] {0, -1, 'x'})));
        assertEquals("", bound("BLOB", s -> s.setBytes(1, new byte[0])));
    }

    @Test
    void set_date() throws SQLException {
        assertEquals("2024-02-29", bound("DATE", s -> s.setDate(1, Date.valueOf("2024-02-29"))));
        assertEquals("1969-12-31", bound("DATE", s -> s.setDate(1, Date.valueOf("1969-12-31"))));
        // Midnight in UTC is nine in the morning in Tokyo.
        assertEquals("2024-02-29", bound("DATE", s -> s.setDate(1, Date.valueOf("2024-02-29"), in("Asia/Tokyo"))));
    }

    @Test
    void set_time() throws SQLException {
        assertEquals("12:34:56", bound("TIME", s -> s.setTime(1, Time.valueOf("12:34:56"))));
        assertEquals("21:34:56", bound("TIME", s -> s.setTime(1, Time.valueOf("12:34:56"), in("Asia/Tokyo"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
    void set_timestamp(String type) throws SQLException {
        Timestamp value = Timestamp.valueOf("2024-02-29 12:34:56");
        assertEquals("2024-02-29 12:34:56", bound(type, s -> s.setTimestamp(1, value)));
        assertEquals("2024-02-29 21:34:56", bound(type, s -> s.setTimestamp(1, value, in("Asia/Tokyo"))));
    }

    @Test
    void set_timestamp_keeps_milliseconds() throws SQLException {
        Timestamp value = Timestamp.valueOf("2024-02-29 12:34:56.789");
        assertEquals("2024-02-29 12:34:56.789", bound("TIMESTAMP", s -> s.setTimestamp(1, value)));
    }

    @Test
    void an_instant_is_bound_as_text_with_its_offset() throws SQLException {
        assertEquals("2024-02-29 11:34:56+00", bound("TIMESTAMPTZ", s -> s.setString(1, "2024-02-29T12:34:56+01")));
    }

    @Test
    void set_array() throws SQLException {
        Object[] numbers = {1, 2, null};
        assertEquals("[1, 2, NULL]", bound("INTEGER[]", s -> s.setArray(1, connection.createArrayOf("INTEGER", numbers))));
        Object[] texts = {"a", "b c"};
        assertEquals("[a, b c]", bound("VARCHAR[]", s -> s.setArray(1, connection.createArrayOf("VARCHAR", texts))));
    }

    @Test
    void set_object() throws SQLException {
        assertEquals("7", bound("INTEGER", s -> s.setObject(1, 7)));
        assertEquals("o", bound("VARCHAR", s -> s.setObject(1, "o")));
        assertEquals("true", bound("BOOLEAN", s -> s.setObject(1, true)));
        assertEquals("1.25", bound("DECIMAL(9,2)", s -> s.setObject(1, new BigDecimal("1.25"), Types.DECIMAL)));
        // Neither java.time nor UUID is known to the driver.
        assertThrows(SQLException.class, () -> bound("UUID", s -> s.setObject(1, UUID.randomUUID())));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL(9,2)",
        "VARCHAR", "BLOB", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "UUID", "JSON", "INTERVAL", "INTEGER[]",
        "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)"})
    void set_null(String type) throws SQLException {
        assertNull(bound(type, s -> s.setNull(1, Types.NULL)));
        assertNull(bound(type, s -> s.setObject(1, null)));
    }

    @Test
    void streams_structs_and_types_that_do_not_fit_are_refused_by_the_driver() {
        assertThrows(SQLException.class, () -> bound("INTEGER", s -> s.setString(1, "5")));
        assertThrows(SQLException.class, () -> bound("VARCHAR", s -> s.setInt(1, 5)));
        assertThrows(SQLException.class, () -> connection.createStruct("x", new Object[] {1}));
    }

    @Test
    void bytes_come_back_as_they_went_in() throws SQLException {
        byte[] value = new byte[256];
        for (int i = 0; i < value.length; i++) {
            value[i] = (byte) i;
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?::BLOB AS v")) {
            statement.setBytes(1, value);
            try (ResultSet result = statement.executeQuery()) {
                assertTrue(result.next());
                assertArrayEquals(value, result.getBytes(1));
            }
        }
    }
}
