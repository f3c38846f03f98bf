package lakehouse;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A value of every type of DuckDB: its JDBC type, its size, what getObject and getString give. */
class ResultTypesTest extends Door {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "true::BOOLEAN                             | BOOLEAN        | 1  | 0 | true",
        "(-128)::TINYINT                           | TINYINT        | 3  | 0 | -128",
        "(-32768)::SMALLINT                        | SMALLINT       | 5  | 0 | -32768",
        "(-2147483648)::INTEGER                    | INTEGER        | 10 | 0 | -2147483648",
        "(-9223372036854775808)::BIGINT            | BIGINT         | 19 | 0 | -9223372036854775808",
        "17014118346046923173168730371588410572::HUGEINT | DECIMAL  | 38 | 0 | 17014118346046923173168730371588410572",
        "1.5::FLOAT                                | FLOAT          | 0  | 0 | 1.5",
        "1e-300::DOUBLE                            | DOUBLE         | 0  | 0 | 1.0E-300",
        "12.345::DECIMAL(18,3)                     | DECIMAL        | 18 | 3 | 12.345",
        "'ünï ✓'                                   | VARCHAR        | 0  | 0 | ünï ✓",
        "DATE '2024-02-29'                         | DATE           | 10 | 0 | 2024-02-29",
        "TIME '12:34:56.789'                       | TIME           | 15 | 6 | 12:34:56.789",
        "TIMESTAMP '2024-02-29 12:34:56.789123'    | TIMESTAMP      | 26 | 6 | 2024-02-29 12:34:56.789123",
        "'2024-02-29 12:34:56'::TIMESTAMP_S        | TIMESTAMP      | 19 | 0 | 2024-02-29 12:34:56.0",
        "'2024-02-29 12:34:56.789'::TIMESTAMP_MS   | TIMESTAMP      | 23 | 3 | 2024-02-29 12:34:56.789",
        "'2024-02-29 12:34:56.1'::TIMESTAMP_NS     | TIMESTAMP      | 29 | 9 | 2024-02-29 12:34:56.1",
        "INTERVAL '14 months 3 days 4 hours'       | JAVA_OBJECT    | 0  | 0 | P14M3DT4H",
        "'5b1e2a0e-0000-4000-8000-000000000001'::UUID | VARCHAR     | 36 | 0 | 5b1e2a0e-0000-4000-8000-000000000001",
        "'{\"a\": 1}'::JSON                        | VARCHAR        | 0  | 0 | {\"a\": 1}",
        "'a'::ENUM('a', 'b')                       | VARCHAR        | 0  | 0 | a",
        "[1, NULL, 3]                              | ARRAY          | 0  | 0 | [1,null,3]",
        "[['a'], NULL]                             | ARRAY          | 0  | 0 | [[\"a\"],null]",
        "[1, 2, 3]::FLOAT[3]                       | ARRAY          | 0  | 0 | [1.0,2.0,3.0]",
        "{'a': 1, 'b': 'x'}                        | JAVA_OBJECT    | 0  | 0 | {\"a\":1,\"b\":\"x\"}",
        "MAP {'k': 1}                              | JAVA_OBJECT    | 0  | 0 | {\"k\":1}",
        "union_value(s := 'v')                     | JAVA_OBJECT    | 0  | 0 | v",
        "NULL::VARCHAR                             | VARCHAR        | 0  | 0 | ",
    })
    void a_value_has_its_type_size_and_text(String sql, String type, int precision, int scale, String text)
        throws SQLException {
        try (Statement statement = connection.createStatement();
            ResultSet result = statement.executeQuery("SELECT " + sql + " AS v")) {
            ResultSetMetaData column = result.getMetaData();
            assertTrue(result.next());
            Object value = result.getObject(1);
            assertAll(
                () -> assertEquals("v", column.getColumnLabel(1)),
                () -> assertEquals("v", column.getColumnName(1)),
                () -> assertEquals(type, column.getColumnTypeName(1)),
                () -> assertEquals(precision, column.getPrecision(1), "precision"),
                () -> assertEquals(scale, column.getScale(1), "scale"),
                () -> assertEquals(text, result.getString(1)),
                () -> assertEquals(text == null, value == null),
                () -> assertTrue(column.isReadOnly(1)));
        }
    }

    @Test
    void bytes_are_read_as_bytes() throws SQLException {
        try (Statement statement = connection.createStatement();
            ResultSet result = statement.executeQuery("SELECT '\\x00\\xFF'::BLOB AS a, '1010'::BIT AS b")) {
            assertEquals("VARBINARY", result.getMetaData().getColumnTypeName(1));
            assertEquals("VARBINARY", result.getMetaData().getColumnTypeName(2));
            assertTrue(result.next());
            assertArrayEquals(new byte[] {0, -1}, result.getBytes(1));
        }
    }

    @Test
    void an_instant_is_read_as_a_timestamp_and_not_by_get_object() throws SQLException {
        try (Statement statement = connection.createStatement();
            ResultSet result = statement.executeQuery("SELECT TIMESTAMPTZ '2024-02-29 13:34:56.789+01' AS v")) {
            assertTrue(result.next());
            assertEquals(Timestamp.valueOf("2024-02-29 12:34:56.789"), result.getTimestamp(1));
            assertEquals("2024-02-29 12:34:56.789", result.getString(1));
            OffsetDateTime instant = result.getObject(1, OffsetDateTime.class);
            assertEquals(OffsetDateTime.parse("2024-02-29T12:34:56.789Z").toInstant(), instant.toInstant());
            // The driver has no accessor of its type: tools that read every column by getObject need a cast.
            assertThrows(RuntimeException.class, () -> result.getObject(1));
        }
    }

    @Test
    void unsigned_integers_wrap_in_this_driver_unless_they_are_cast() throws SQLException {
        String text = "SELECT 255::UTINYINT AS a, 18446744073709551615::UBIGINT AS b, 4294967295::UINTEGER::BIGINT AS c";
        try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(text)) {
            assertTrue(result.next());
            assertEquals((byte) -1, result.getObject(1));
            assertEquals(-1L, result.getObject(2));
            assertEquals(4_294_967_295L, result.getObject(3));
        }
    }

    @Test
    void a_column_of_a_table_keeps_its_name_beside_its_comment() throws SQLException {
        update("CREATE OR REPLACE TABLE jdbc_commented (a INTEGER)");
        update("COMMENT ON COLUMN jdbc_commented.a IS 'what it is'");
        try (Statement statement = connection.createStatement();
            ResultSet result = statement.executeQuery("FROM jdbc_commented")) {
            assertEquals("a", result.getMetaData().getColumnLabel(1));
        }
    }

    @Test
    void arrays_are_read_as_arrays() throws SQLException {
        try (Statement statement = connection.createStatement();
            ResultSet result = statement.executeQuery("SELECT [1, 2]::INTEGER[] AS v")) {
            assertTrue(result.next());
            assertArrayEquals(new Object[] {1, 2}, (Object[]) result.getArray(1).getArray());
        }
    }
}
