# Grading with full isolation, on systems that have none of their own (macOS, Windows): see docs/teachers-guide.md.
FROM python:3.12-slim-bookworm

RUN apt-get update && apt-get install --yes --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*

WORKDIR /course
COPY . .
RUN pip install --no-cache-dir uv \
    && uv pip install --system --torch-backend cpu --constraint constraints.txt --editable ".[classroom,cluster]"

# The class's folder is mounted here; `docker run ... grade . --unit 03` grades it.
WORKDIR /class
ENTRYPOINT ["cnncourse"]
