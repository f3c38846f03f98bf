# The server alone, at port 31337 with its data in /data. The wheels bring their own OpenMP and PostgreSQL libraries, so
# the slim image needs no package more.
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements.lock .
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.lock

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home lakehouse && install -d -o lakehouse -g lakehouse /data
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY catalog_sql catalog_sql
COPY clients clients
COPY flight flight
COPY server server
COPY udfs udfs
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER lakehouse
VOLUME /data
EXPOSE 31337
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-m", "server", "probe", "--port", "31337"]
CMD ["python", "-m", "server", "serve", "--data", "/data", "--host", "0.0.0.0", "--port", "31337"]
