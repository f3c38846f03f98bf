-- A text and a vector go in by the same argument: its type, known when the statement is planned, tells which it is.
CREATE OR REPLACE MACRO memory.main.vector_search(index_name, query, k := 10) AS TABLE
SELECT unnest(CASE WHEN system.main.suffix(system.main.typeof(query), ']')
    THEN system.main.__search_by_vector(
        system.main.getvariable('lakehouse_context'), index_name, TRY_CAST(query AS FLOAT[]), CAST(k AS BIGINT))
    ELSE system.main.__search_by_text(
        system.main.getvariable('lakehouse_context'), index_name, CAST(query AS VARCHAR), CAST(k AS BIGINT))
    END, max_depth := 2);

CREATE OR REPLACE MACRO memory.main.rag(index_name, question, k := 5) AS TABLE
SELECT unnest(system.main.__rag(
    system.main.getvariable('lakehouse_context'), index_name, CAST(question AS VARCHAR), CAST(k AS BIGINT)), max_depth := 2);

CREATE OR REPLACE MACRO memory.main.embed
    (txt) AS system.main.__embed(system.main.getvariable('lakehouse_context'), txt, NULL),
    (txt, model) AS system.main.__embed(system.main.getvariable('lakehouse_context'), txt, model);

CREATE OR REPLACE MACRO memory.main.chunk_text(txt, size, overlap) AS
    system.main.__chunk_text(system.main.getvariable('lakehouse_context'), txt, CAST(size AS INTEGER), CAST(overlap AS INTEGER));
