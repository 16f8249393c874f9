#!/usr/bin/env bash
# Fails on a dependency whose licence is not permissive, whose source is not a registry, or which is
# on the list of crates that Harkara does without. Reads only what cargo knows; needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo metadata --format-version 1 --locked | python3 -c '
import json, re, sys

# Permissive licences; an expression passes if one alternative of each part is among them.
PERMISSIVE = {
    "MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-1-Clause", "BSD-2-Clause",
    "BSD-3-Clause", "ISC", "Zlib", "Unlicense", "0BSD", "CC0-1.0", "Unicode-3.0", "BSL-1.0",
    # Data, not code: the certificates of the web (webpki-roots).
    "CDLA-Permissive-2.0",
}
# Two TLS stacks, two YAML readers, or a crate with open advisories and no maintainer.
WITHOUT = {"openssl", "native-tls", "aws-lc-rs", "serde_yaml", "atty", "ansi_term"}

def permissive(expression):
    if not expression:
        return False
    expression = expression.replace("/", " OR ")
    def part(text):
        text = text.strip()
        while text.startswith("(") and text.endswith(")"):
            text = text[1:-1].strip()
        return any(all(one.strip(" ()") in PERMISSIVE for one in re.split(r"\s+AND\s+", option))
                   for option in re.split(r"\s+OR\s+", text))
    parts = re.split(r"\)\s+AND\s+|\s+AND\s+\(", expression)
    return all(part(one.strip(" ()") if " OR " in one else one) for one in parts)

problems = []
packages = json.load(sys.stdin)["packages"]
for package in packages:
    name = package["name"] + " " + package["version"]
    if package["source"] is None:
        continue
    if not package["source"].startswith("registry+"):
        problems.append(name + " is not from a registry: " + package["source"])
    if not permissive(package["license"]):
        problems.append(name + " has the licence " + str(package["license"]))
    if package["name"] in WITHOUT:
        problems.append(name + " is one that Harkara does without")
print("\n".join(problems) or f"{len(packages)} packages: licences and sources are in order")
sys.exit(bool(problems))
'
