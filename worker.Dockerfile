# The worker of compose.yaml: Janus with its packaged models and the drivers of the stack's servers.
#   target index     the released package, at JANUS_VERSION
#   target source    this checkout, in the versions of uv.lock
FROM python:3.12.11-slim-bookworm AS compiler
# llama-cpp-python is compiled here; without -march=native, so that the image runs on other machines of its kind.
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential cmake git \
    && rm -rf /var/lib/apt/lists/*
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 CMAKE_ARGS="-DGGML_NATIVE=OFF"
RUN python -m venv /opt/janus

FROM compiler AS from-index
ARG JANUS_VERSION
RUN /opt/janus/bin/pip install "janus-lab[starter,stack]==${JANUS_VERSION}"

FROM compiler AS from-source
RUN pip install "uv>=0.9,<1"
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE compose.yaml worker.Dockerfile ./
COPY janus_lab janus_lab
COPY magics magics
COPY lua lua
ENV UV_PROJECT_ENVIRONMENT=/opt/janus UV_LINK_MODE=copy UV_NO_CACHE=1
RUN uv sync --locked --no-dev --no-editable --extra starter --extra stack

FROM python:3.12.11-slim-bookworm AS runtime
# OpenMP's library, which the compiled models' backend is linked with.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 janus \
    && install -d -o janus -g janus /var/lib/janus /var/cache/janus
ENV PATH=/opt/janus/bin:$PATH PYTHONUNBUFFERED=1 JANUS_HOME=/var/lib/janus JANUS_MODEL_CACHE=/var/cache/janus
WORKDIR /var/lib/janus
USER janus
CMD ["janus", "worker"]

FROM runtime AS source
COPY --from=from-source /opt/janus /opt/janus

FROM runtime AS index
COPY --from=from-index /opt/janus /opt/janus
