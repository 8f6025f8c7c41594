# One image, several commands: `serve` (the default), `worker`, `doctor`, …
# deploy/compose.yaml shows how they are run. Settings come from the environment when a
# container starts; nothing secret is needed, or may be, at build time.

FROM python:3.13-slim-bookworm AS build

WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY bot bot
COPY worker worker
RUN python -m venv /covgate \
    && /covgate/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt . \
    && /covgate/bin/pip uninstall --yes --quiet pip \
    && /covgate/bin/python -m compileall -q /covgate/lib

FROM python:3.13-slim-bookworm

LABEL org.opencontainers.image.title="Covgate" \
      org.opencontainers.image.description="Judges the test coverage of every pull request" \
      org.opencontainers.image.licenses="Apache-2.0"

# The numbers are fixed so that the files of mounted volumes keep their owner.
RUN groupadd --gid 10001 covgate \
    && useradd --uid 10001 --gid covgate --no-create-home --home-dir /var/lib/covgate covgate \
    && install --directory --owner covgate --group covgate --mode 0700 /var/lib/covgate

COPY --from=build /covgate /covgate

ENV PATH=/covgate/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

USER 10001:10001
# Where `.env` is looked for, and a good place for a SQLite file on a volume.
WORKDIR /var/lib/covgate

EXPOSE 8000
# The first SIGTERM lets deliveries and jobs under way end, the second ends them.
STOPSIGNAL SIGTERM

# A health check belongs to `serve` alone: deploy/compose.yaml has it.
ENTRYPOINT ["covgate"]
CMD ["serve", "--host", "0.0.0.0"]
