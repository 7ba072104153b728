#!/usr/bin/env bash
# What only a CUDA card can show, in at most ten minutes: bash benchmarks/card.sh [FOLDER [MNIST]]
#
# First `python -m benchmarks.card`: terms against the card's tensors, the same weights twice, nccl, Triton's kernel,
# times. Then the tests of core and explorer on the card. Everything expected is printed beside what was found; the
# figures go to FOLDER/DATE-card.json, the log to FOLDER/DATE-card.log. PYTHON names another Python than .venv's.
# CARD_SECONDS and TEST_SECONDS bound the two halves.
set -uo pipefail
cd "$(dirname "$0")/.."
folder=${1:-benchmarks/results}
mnist=${2:-}
python=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}
mkdir -p "$folder"
name="$folder/$(date +%F)-card"
export PYTHONUNBUFFERED=1 PYTHONUTF8=1
[ -n "$mnist" ] && export CONVSCOPE_MNIST=$mnist

wanted=$(sed -n 's/^torch~=\([0-9]*\.[0-9]*\).*/\1/p' requirements.txt)
seen=$("$python" -c 'import torch; print(torch.__version__)') || exit 2
warnings=()
if [ "${seen#"$wanted"}" = "$seen" ]; then
  echo "torch is $seen, ConvScope is made for $wanted: warnings of the tests are told, not errors"
  warnings=(-W default)
fi

{
  echo "torch $seen; $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null)"
  timeout "$((${CARD_SECONDS:-260} + 40))" "$python" -m benchmarks.card --json "$name.json" --seconds "${CARD_SECONDS:-260}" \
    ${mnist:+--mnist "$mnist"}
  echo "benchmarks.card ended with $? (expected 0)"
  workers=$("$python" -c 'import os, xdist; print("-n", min(8, os.cpu_count()), "--dist", "loadfile")' 2>/dev/null)
  # shellcheck disable=SC2086  # several words, or none
  TORCH_DEVICE=cuda timeout "${TEST_SECONDS:-240}" "$python" -m pytest tests/core tests/explorer tests/benchmarks \
    -q -o minversion=0 -p no:cacheprovider --durations=10 "${warnings[@]}" $workers
  echo "the tests on the card ended with $? (expected 0)"
} 2>&1 | tee "$name.log"
! grep -qE '(benchmarks.card|tests on the card) ended with [1-9]' "$name.log"
