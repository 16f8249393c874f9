#!/usr/bin/env bash
# Fails on a source file of over 300 lines. Tests may be longer: everything under a tests folder, the contract, and
# what stands behind `#[cfg(test)]` at the end of a file.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
while read -r file; do
    lines=$(awk '/^#\[cfg\(test\)\]/ { exit } { n++ } END { print n + 0 }' "$file")
    if [ "$lines" -gt 300 ]; then
        echo "$file has $lines lines" >&2
        failed=1
    fi
done < <(git ls-files --cached --others --exclude-standard '*.rs' | grep -vE '(^|/)(tests/(it|src|aws|scenarios)|shared/contract)/|/tests/')
exit "$failed"
