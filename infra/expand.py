"""Expands a SAM template into the CloudFormation that AWS would deploy, offline.

    expand.py TEMPLATE [PARAMETER=VALUE ...]

Prints JSON. Linters see little of a SAM template and all of what it expands to. Parameters stay
references, but for those given, which become the new defaults.
"""

import json
import os
import sys

# The translator asks boto3 for a region, and never calls it.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """Every role of the template is written out, so none of AWS's own policies is looked up."""

    def load(self):
        return {}


def expand(path, values=None):
    """The expansion of the template at `path`, with `values` as the defaults of its parameters."""
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for name, value in (values or {}).items():
        template["Parameters"][name]["Default"] = value
    # What `sam deploy` would have put into a bucket.
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/" + resource["Metadata"]["BuildProperties"]["Binary"]
    return transform(template, {}, NoManagedPolicies())


if __name__ == "__main__":
    path, *pairs = sys.argv[1:]
    json.dump(expand(path, dict(pair.split("=", 1) for pair in pairs)), sys.stdout, indent=1)
