#!/usr/bin/env bash
# Fails on a binary that wants a newer C library than the functions' runtime has: Amazon Linux 2023
# has glibc 2.34. Such a binary builds well, and does not start.
set -euo pipefail
has=2.34
for binary in "$@"; do
    wants=$(grep -aoE 'GLIBC_[0-9]+\.[0-9]+' "$binary" | cut -d_ -f2 | sort -Vu | tail -1 || true)
    if [ "$(printf '%s\n' "${wants:-0}" "$has" | sort -V | tail -1)" != "$has" ]; then
        echo "$binary wants glibc $wants, and Lambda has $has: build it with make build COMPILER=zig (make zig)" >&2
        exit 1
    fi
done
