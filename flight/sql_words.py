"""Words of SQL for GetSqlInfo, as JDBC's DatabaseMetaData asks for them.

`flight/facts.py` reads this; a test compares the functions with those that DuckDB has.
"""

# Reserved and non-reserved words of SQL:2003 that DuckDB's parser knows as well: clients quote those by themselves.
SQL_2003 = frozenset(
    """absolute action add admin after all alter always and any array as asc assertion assignment asymmetric at
    attribute authorization before begin between bigint binary boolean both by call called cascade cascaded case cast
    catalog chain char character characteristics check close coalesce collate collation column commit committed
    connection constraint constraints continue create cross cube current cursor cycle data day deallocate dec decimal
    declare default defaults deferrable deferred definer delete desc describe distinct domain double drop each else end
    escape except exclude excluding execute exists external extract false fetch filter first float following for foreign
    from full function generated global grant granted group grouping having hold hour identity immediate in including
    increment initially inner inout input insensitive insert int integer intersect interval into invoker is isolation
    join key language large last lateral leading left level like local map match matched maxvalue merge method minute
    minvalue month name names national natural nchar new next no none not null nullif nulls numeric object of old on
    only option options or order ordinality others out outer over overlaps overlay overriding partial partition placing
    position preceding precision prepare preserve primary prior privileges procedure range read real recursive ref
    references referencing relative release repeatable restart restrict returns revoke right role rollback rollup row
    rows savepoint schema scope scroll search second security select sequence serializable session set sets similar
    simple smallint some source sql start statement substring symmetric system table tablesample temporary then ties
    time timestamp to trailing transaction transform treat trigger trim true type unbounded uncommitted union unique
    unknown update user using value values varchar varying view when where window with within without work write year
    zone""".split()
)

NUMERIC_FUNCTIONS = tuple(
    """abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp
    factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm least
    least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians random round round_even
    roundbankers setseed sign signbit sin sinh sqrt subtract tan tanh trunc xor""".split()
)
STRING_FUNCTIONS = tuple(
    """ascii bar base64 bin bit_length char_length character_length chr concat concat_ws contains damerau_levenshtein
    editdist3 encode ends_with format format_bytes from_base64 from_binary from_hex greatest hamming hash hex instr
    jaccard jaro_similarity jaro_winkler_similarity lcase least left left_grapheme len length length_grapheme
    levenshtein lower lpad ltrim md5 md5_number mismatches nfc_normalize octet_length ord parse_dirname parse_dirpath
    parse_filename parse_formatted_bytes parse_path position prefix printf regexp_escape regexp_extract
    regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array repeat replace reverse
    right right_grapheme rpad rtrim sha1 sha256 split split_part starts_with str_split str_split_regex string_split
    string_split_regex string_to_array strip_accents strlen strpos substr substring substring_grapheme suffix to_base
    to_base64 to_binary to_hex translate trim ucase unbin unhex unicode upper url_decode url_encode""".split()
)
SYSTEM_FUNCTIONS = tuple(
    """coalesce current_catalog current_database current_role current_schema current_schemas current_setting
    current_user gen_random_uuid ifnull nullif pg_typeof session_user typeof user uuid uuidv4 uuidv7 version""".split()
)
DATETIME_FUNCTIONS = tuple(
    """age ago century current_date current_localtime current_localtimestamp current_time current_timestamp date_add
    date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek
    dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era extract get_current_time get_current_timestamp
    hour isfinite isinf isodow isoyear julian last_day localtime localtimestamp make_date make_time make_timestamp
    make_timestamp_ms make_timestamp_ns make_timestamptz microsecond millennium millisecond minute month monthname
    nanosecond normalized_interval now quarter second strftime strptime time_bucket timetz_byte_comparable timezone
    timezone_hour timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds
    to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today transaction_timestamp try_strptime
    uuid_extract_timestamp week weekday weekofyear year yearweek""".split()
)
