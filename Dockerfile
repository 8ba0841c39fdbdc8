# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
# The C parts of compression and TLS need a C compiler. No version is pinned: the base image's release pins them.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Compiled dependencies stay in the builder's cache, so that a change of our own code does not compile them again.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin medallion \
    && cp target/release/medallion /usr/local/bin/medallion

FROM debian:bookworm-slim
# The authorities that `sslmode: verify-full` and object stores go by.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home medallion \
    && install -d -o medallion -g medallion /project
COPY --from=build /usr/local/bin/medallion /usr/local/bin/medallion
WORKDIR /project
COPY --chown=medallion:medallion dbt_project.yml profiles.yml ./
COPY --chown=medallion:medallion models models
COPY --chown=medallion:medallion data data
COPY --chown=medallion:medallion udfs/macros udfs/macros
# By number, so that an orchestrator can see that it is not root.
USER 10001
ENTRYPOINT ["medallion"]
CMD ["build"]
