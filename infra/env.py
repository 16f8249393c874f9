"""What the operator's commands (`harkara aws …`) take from the environment, as lines for a shell:

    eval "$(make --silent env ENV=prod)"

The names come from the deployment's outputs, the credentials from wherever AWS's tools have them: a
profile (AWS_PROFILE), a single sign-on, the environment itself.
"""

import os
import shlex
import sys

import boto3

# Outputs of the stack that are variables of harkara.
OUTPUTS = {
    "Table": "HARKARA_TABLE",
    "Parameters": "HARKARA_PARAMETERS",
    "Store": "HARKARA_STORE",
    "Url": "HARKARA_PUBLIC_URL",
}


def variables(stack):
    # boto3 by itself knows this variable only by an older name.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    described = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    yield "AWS_REGION", session.region_name
    credentials = session.get_credentials().get_frozen_credentials()
    yield "AWS_ACCESS_KEY_ID", credentials.access_key
    yield "AWS_SECRET_ACCESS_KEY", credentials.secret_key
    yield "AWS_SESSION_TOKEN", credentials.token or ""
    for output, variable in OUTPUTS.items():
        yield variable, outputs[output]


if __name__ == "__main__":
    for name, value in variables(sys.argv[1]):
        print(f"export {name}={shlex.quote(value)}")
