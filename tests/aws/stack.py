"""Makes a stack that `sam deploy` has put into the local cloud fit for the tests, and tells of it.

    stack.py STACK OUT    with AWS_ENDPOINT_URL (ministack) and AWS_ENDPOINT_URL_DYNAMODB (dynoxide)

Nothing of the template is changed. What an operator or AWS itself would do is done:

- the sender of mails is verified with SES, as docs/deploy.md has the operator do;
- MaximumConcurrency of the event sources becomes a number. Parameters of a template are text;
  CloudFormation reads numbers where a resource has them, ministack leaves text, over which its pollers
  stumble;
- the table, made once more from the same lines of the template, in dynoxide, which is the more faithful
  DynamoDB and the one that the functions are pointed to.

OUT is a JSON file with the stack's outputs, the address of its API, the names of functions and event sources.
"""

import json
import os
import sys
from urllib.parse import urlsplit

import boto3

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(root, "infra"))
from expand import expand  # noqa: E402


def outputs(stack):
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    if described["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        sys.exit(f"the stack is in {described['StackStatus']}")
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def event_sources(client):
    """Event sources by their queue's ARN; their ceilings as numbers."""
    found = {}
    for source in client.list_event_source_mappings()["EventSourceMappings"]:
        ceiling = source.get("ScalingConfig", {}).get("MaximumConcurrency")
        if ceiling is not None:
            client.update_event_source_mapping(
                UUID=source["UUID"], ScalingConfig={"MaximumConcurrency": int(ceiling)}
            )
        found[source["EventSourceArn"]] = source["UUID"]
    return found


def make_table(name):
    table = expand(os.path.join(root, "infra", "template.yaml"))["Resources"]["Table"]["Properties"]
    client = boto3.client("dynamodb")
    if name in client.list_tables()["TableNames"]:
        return
    same = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client.create_table(TableName=name, **{key: table[key] for key in same})
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=table["TimeToLiveSpecification"])


def main(stack, out):
    # The credentials and the endpoints come from the environment.
    boto3.setup_default_session(region_name=os.environ["AWS_REGION"])
    known = outputs(stack)
    functions = boto3.client("lambda")
    sender = functions.get_function_configuration(FunctionName=f"{stack}-stage")
    boto3.client("ses").verify_email_identity(
        EmailAddress=sender["Environment"]["Variables"]["HARKARA_MAIL_FROM"]
    )
    make_table(known["Table"])
    gateway = os.environ["AWS_ENDPOINT_URL"]
    api = urlsplit(known["Url"]).hostname.split(".")[0]
    told = {
        "name": stack,
        "outputs": known,
        "aws": gateway,
        "dynamodb": os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
        # In AWS the API has a name of its own, which nothing on this machine resolves.
        "api": f"{gateway}/_aws/execute-api/{api}/$default",
        "event_sources": event_sources(functions),
    }
    with open(out, "w", encoding="utf-8") as file:
        json.dump(told, file, indent=1)


main(*sys.argv[1:])
