#!/usr/bin/env bash
# Run all shipped studies, or those named, into results/STUDY, and report on all that are there.
# What is recorded is not run again: start it anew after any interruption. Baselines that several
# studies share are trained once.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
    set -- $(basename -s .toml snnbench/studies/*.toml)
fi
for study in "$@"; do
    others=()
    for runs in results/*/runs.csv; do
        if [ -f "$runs" ] && [ "$(wc -l < "$runs")" -gt 1 ]; then
            others+=(--reuse "$(dirname "$runs")")
        fi
    done
    snnbench sweep "$study" --out "results/$study" "${others[@]}"
done
snnbench report $(dirname results/*/runs.csv) \
    --html results/report.html --markdown results/report.md
