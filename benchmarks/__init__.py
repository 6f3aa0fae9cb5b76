"""Speed and cost, measured side by side. Nothing here can fail a test: see docs/benchmarks.md."""
