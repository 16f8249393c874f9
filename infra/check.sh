#!/usr/bin/env bash
# Checks the template, offline: SAM's own linter; CloudFormation's and checkov on what it expands to (on a
# SAM template they see little); and the rules that no linter knows (policies.py).
set -euo pipefail
cd "$(dirname "$0")/.."
tools=.tools/py/bin
template=${1:-infra/template.yaml}
expansion=$(mktemp --suffix=.json)
trap 'rm -f "$expansion"' EXIT
export SAM_CLI_TELEMETRY=0 AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true

echo "== sam validate"
"$tools/sam" validate --lint --region us-east-1 -t "$template"
echo "== cfn-lint on the expansion"
"$tools/python" infra/expand.py "$template" >"$expansion"
"$tools/cfn-lint" "$expansion"
echo "== checkov on the expansion"
"$tools/checkov" --config-file infra/.checkov.yaml --file "$expansion"
echo "== our own rules"
"$tools/python" infra/policies.py <"$expansion"
