package lakehouse;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What DatabaseMetaData tells of the server and its SQL, as tools ask when they connect. */
class FactsTest extends Door {
    private static DatabaseMetaData metadata;

    @BeforeAll
    static void ask() throws SQLException {
        metadata = connection.getMetaData();
    }

    @Test
    void the_server_and_the_driver_are_named() throws SQLException {
        assertEquals("Lakehouse", metadata.getDatabaseProductName());
        assertFalse(metadata.getDatabaseProductVersion().isEmpty());
        assertEquals("18.3.0", metadata.getDriverVersion());
        assertTrue(metadata.getDriverName().startsWith("Arrow Flight SQL JDBC Driver"));
        assertEquals("admin", metadata.getUserName());
        assertEquals(URL, metadata.getURL());
        assertFalse(metadata.isReadOnly());
    }

    @Test
    void names_are_quoted_escaped_and_called_as_in_duckdb() throws SQLException {
        assertEquals("\"", metadata.getIdentifierQuoteString());
        assertEquals("\\", metadata.getSearchStringEscape());
        assertEquals("schema", metadata.getSchemaTerm());
        assertEquals("catalog", metadata.getCatalogTerm());
        assertEquals(".", metadata.getCatalogSeparator());
        assertTrue(metadata.isCatalogAtStart());
        assertFalse(metadata.getProcedureTerm().isEmpty());
        assertTrue(metadata.getExtraNameCharacters().length() <= 1);
        assertFalse(metadata.supportsMixedCaseIdentifiers());
    }

    @Test
    void words_for_completion_are_listed() throws SQLException {
        assertTrue(words(metadata.getSQLKeywords()).size() > 5, metadata.getSQLKeywords());
        assertTrue(words(metadata.getNumericFunctions()).contains("abs"));
        assertTrue(words(metadata.getStringFunctions()).contains("upper"));
        assertTrue(words(metadata.getTimeDateFunctions()).contains("date_trunc"));
        assertFalse(words(metadata.getSystemFunctions()).isEmpty());
    }

    private static List<String> words(String list) {
        return Arrays.asList(list.toLowerCase().split(" *, *"));
    }

    @Test
    void what_duckdb_can_is_claimed_and_what_it_can_not_is_not() {
        assertAll(
            () -> assertTrue(metadata.supportsColumnAliasing()),
            () -> assertTrue(metadata.supportsExpressionsInOrderBy()),
            () -> assertTrue(metadata.supportsOrderByUnrelated()),
            () -> assertTrue(metadata.supportsGroupBy()),
            () -> assertTrue(metadata.supportsLikeEscapeClause()),
            () -> assertTrue(metadata.supportsNonNullableColumns()),
            () -> assertTrue(metadata.supportsCoreSQLGrammar()),
            () -> assertTrue(metadata.supportsANSI92EntryLevelSQL()),
            () -> assertTrue(metadata.supportsOuterJoins()),
            () -> assertTrue(metadata.supportsFullOuterJoins()),
            () -> assertTrue(metadata.supportsSubqueriesInExists()),
            () -> assertTrue(metadata.supportsCorrelatedSubqueries()),
            () -> assertTrue(metadata.supportsUnionAll()),
            () -> assertTrue(metadata.supportsSchemasInDataManipulation()),
            () -> assertTrue(metadata.supportsCatalogsInDataManipulation()),
            () -> assertTrue(metadata.supportsConvert(Types.VARCHAR, Types.INTEGER)),
            () -> assertTrue(metadata.nullsAreSortedAtEnd()),
            () -> assertTrue(metadata.allTablesAreSelectable()),
            () -> assertFalse(metadata.supportsStoredProcedures()),
            () -> assertFalse(metadata.supportsSavepoints()),
            () -> assertFalse(metadata.supportsPositionedUpdate()),
            () -> assertFalse(metadata.supportsSelectForUpdate()),
            () -> assertFalse(metadata.supportsMultipleResultSets()),
            () -> assertFalse(metadata.supportsGetGeneratedKeys()),
            () -> assertFalse(metadata.supportsNamedParameters()));
    }

    @Test
    void transactions_and_batches_are_claimed() throws SQLException {
        assertTrue(metadata.supportsTransactions());
        assertTrue(metadata.supportsBatchUpdates());
        assertEquals(Connection.TRANSACTION_REPEATABLE_READ, transactionLevel());
        assertFalse(metadata.dataDefinitionCausesTransactionCommit());
        assertFalse(metadata.dataDefinitionIgnoredInTransactions());
    }

    /** The driver gives the published enumeration's number, which for this level is not JDBC's. */
    private static int transactionLevel() throws SQLException {
        int published = metadata.getDefaultTransactionIsolation();
        return published == 3 ? Connection.TRANSACTION_REPEATABLE_READ : published;
    }

    @Test
    void results_are_forward_only_and_read_only() throws SQLException {
        assertTrue(metadata.supportsResultSetType(ResultSet.TYPE_FORWARD_ONLY));
        assertFalse(metadata.supportsResultSetType(ResultSet.TYPE_SCROLL_INSENSITIVE));
        assertTrue(metadata.supportsResultSetConcurrency(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY));
    }

    @Test
    void bounds_are_numbers_and_none_is_zero() throws SQLException {
        assertTrue(metadata.getMaxConnections() >= 0);
        assertTrue(metadata.getMaxStatements() >= 0);
        assertTrue(metadata.getMaxStatementLength() >= 0);
        assertEquals(0, metadata.getMaxTableNameLength());
        assertEquals(0, metadata.getMaxColumnsInSelect());
    }
}
