# One image for web, worker and scheduler; the command chooses. PostgreSQL and Redis live elsewhere.
FROM node:22-bookworm-slim AS bundles
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY static/src static/src
RUN node static/src/build.mjs

FROM python:3.13-slim-bookworm AS packages
WORKDIR /build
COPY requirements-bootstrap.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-bootstrap.lock \
    && uv venv /venv \
    && uv pip install --no-cache --python /venv/bin/python --require-hashes \
        --compile-bytecode -r requirements.lock

FROM python:3.13-slim-bookworm
ENV PATH="/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=dxp.settings.production \
    VAR_DIR=/var/lib/dxp \
    PORT=8000
RUN useradd --system --uid 10001 --home-dir /var/lib/dxp --create-home dxp
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=bundles /build/static/dist static/dist
# Collecting needs no server and keeps no secret: these values live for this one step.
RUN SECRET_KEY=of-this-build-step-alone-0123456789-abcdefghijklmnopqrstuvwxyz \
    ALLOWED_HOSTS=build.invalid SITE_URL=https://build.invalid \
    DATABASE_URL=postgres://build.invalid/none REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --noinput \
    && chown -R dxp /var/lib/dxp
USER dxp
VOLUME ["/var/lib/dxp"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz')"]
# web:       the command below
# worker:    celery -A dxp.celery worker --concurrency 2
# scheduler: celery -A dxp.celery beat -s /var/lib/dxp/beat-schedule
# once:      python manage.py migrate && python manage.py prepare --no-demo
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "dxp.wsgi:application"]
