"""What must hold of the template and no linter knows. Reads its expansion (expand.py) on standard input,
and the sources that it has to agree with. Prints what does not hold, and fails.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Queues that are the end of the road: what is here waits for a person.
FINAL = {"FailuresDeadQueue"}
# A key's policy names the key that it belongs to as "*"; there is no other way to write it.
OWN_RESOURCE_ONLY = {"AWS::KMS::Key"}

# Every action of every role, on what. A grant too many fails as does one that is missing.
CONSUME = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
SCHEDULE = {"scheduler:CreateSchedule": ["schedule/${ScheduleGroup}/*"], "iam:PassRole": ["ScheduleRole"]}
CONNECTIONS = {"ssm:GetParameter": ["parameter/harkara/${AWS::StackName}/*"]}
MAIL = {"ses:SendRawEmail": ["identity/${Identity}"]}


def log(name):
    return {"logs:CreateLogStream": [name], "logs:PutLogEvents": [name]}


def table(*actions):
    return {f"dynamodb:{action}": ["Table"] for action in actions}


GRANTS = {
    "IngestRole": {**log("IngestLogs"), "sqs:SendMessage": ["EventsQueue"], **CONNECTIONS},
    "MatcherRole": {
        **log("MatcherLogs"),
        **dict.fromkeys(CONSUME, ["EventsQueue"]),
        "sqs:SendMessage": ["EventsQueue", "StagesQueue", "PriorityQueue", "FailuresQueue"],
        **table("GetItem", "Query", "PutItem", "UpdateItem"),
        **SCHEDULE,
    },
    "StageRole": {
        **log("StageLogs"),
        **dict.fromkeys([*CONSUME, "sqs:ChangeMessageVisibility"], ["StagesQueue", "PriorityQueue"]),
        "sqs:SendMessage": ["EventsQueue", "StagesQueue", "PriorityQueue", "FailuresQueue"],
        **table("GetItem", "Query", "PutItem", "UpdateItem"),
        **SCHEDULE,
        **CONNECTIONS,
        **MAIL,
    },
    "DeadLetterRole": {
        **log("DeadLetterLogs"),
        **dict.fromkeys(CONSUME, ["FailuresQueue"]),
        "sqs:SendMessage": ["EventsQueue", "StagesQueue", "PriorityQueue", "FailuresQueue"],
        **table("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
        **SCHEDULE,
        **MAIL,
    },
    "SweepRole": {
        **log("SweepLogs"),
        "sqs:SendMessage": ["EventsQueue", "StagesQueue", "PriorityQueue", "FailuresQueue"],
        "dynamodb:Query": ["Table", "${Table.Arn}/index/due", "${Table.Arn}/index/list"],
        **table("GetItem", "BatchGetItem", "PutItem"),
        **SCHEDULE,
    },
    "ConsoleRole": {
        **log("ConsoleLogs"),
        "sqs:SendMessage": ["EventsQueue", "FailuresQueue"],
        **table("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"),
        "dynamodb:Query": ["Table", "${Table.Arn}/index/list"],
        **CONNECTIONS,
    },
    "ScheduleRole": {"sqs:SendMessage": ["EventsQueue", "StagesQueue", "PriorityQueue", "FailuresQueue"]},
    "SweepScheduleRole": {"lambda:InvokeFunction": ["Sweep"]},
}


def many(value):
    return value if isinstance(value, list) else [value]


def named(resource):
    """A resource as GRANTS writes it: what is referred to, or the last part of its ARN."""
    if isinstance(resource, str):
        return resource
    if "Ref" in resource:
        return resource["Ref"]
    if "Fn::GetAtt" in resource:
        return resource["Fn::GetAtt"][0]
    text = many(resource["Fn::Sub"])[0]
    return text.partition("${AWS::AccountId}:")[2] if text.startswith("arn:") else text


class Template:
    def __init__(self, expansion):
        self.resources = expansion["Resources"]
        self.parameters = expansion["Parameters"]

    def of(self, kind):
        return {name: it["Properties"] for name, it in self.resources.items() if it["Type"] == kind}

    def largest(self, value):
        """A number, or the most that its parameter may be set to."""
        return self.parameters[value["Ref"]]["MaxValue"] if isinstance(value, dict) else value

    def smallest(self, value):
        return self.parameters[value["Ref"]]["MinValue"] if isinstance(value, dict) else value

    def statements(self):
        """Every statement that allows something, with the resource that it stands in."""
        for name, it in self.resources.items():
            properties = it["Properties"]
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            documents += [properties[key] for key in ("PolicyDocument", "KeyPolicy") if key in properties]
            for document in documents:
                for statement in document["Statement"]:
                    if statement["Effect"] == "Allow":
                        yield name, it["Type"], statement


def stars(template):
    """No action and no resource is `*` where one can be named."""
    for name, kind, statement in template.statements():
        if kind in OWN_RESOURCE_ONLY:
            continue
        if any("*" in action for action in many(statement["Action"])):
            yield f"{name} allows {statement['Action']}: name the actions"
        for resource in many(statement["Resource"]):
            # Only what lies under something of this stack is left open.
            if "*" in named(resource) and not re.fullmatch(r"[^*]*\$\{[\w:]+\}/\*", named(resource)):
                yield f"{name} allows {statement['Action']} on {named(resource)}: name the resource"


def grants(template):
    """Each role may do what GRANTS says, no more and no less."""
    roles = template.of("AWS::IAM::Role")
    for name in sorted(GRANTS.keys() ^ roles.keys()):
        yield f"the role {name} is in the template or in GRANTS, and not in both"
    given = {name: set() for name in roles}
    for name, kind, statement in template.statements():
        if kind == "AWS::IAM::Role":
            given[name] |= {(a, named(r)) for a in many(statement["Action"]) for r in many(statement["Resource"])}
    for name in GRANTS.keys() & roles.keys():
        wanted = {(action, resource) for action, all in GRANTS[name].items() for resource in all}
        for action, resource in sorted(given[name] - wanted):
            yield f"{name} may {action} on {resource} and does not need it"
        for action, resource in sorted(wanted - given[name]):
            yield f"{name} may not {action} on {resource} and needs it"
        if roles[name].get("ManagedPolicyArns"):
            yield f"{name} has a managed policy, which is wider than what it needs"


def queues(template):
    """Every queue redrives, or is a final one; what is redriven is kept longer; TLS only."""
    queues = template.of("AWS::SQS::Queue")
    receives = number("shared/engine/src/ladder.rs", r"MAX_RECEIVES: u32 = (\d+)")
    tls = {named(policy["Queues"][0]) for policy in template.of("AWS::SQS::QueuePolicy").values()
           if "aws:SecureTransport" in json.dumps(policy["PolicyDocument"])}
    for name, queue in queues.items():
        if not queue.get("SqsManagedSseEnabled"):
            yield f"{name} is not encrypted"
        if name not in tls:
            yield f"{name} takes requests without TLS"
        redrive = queue.get("RedrivePolicy")
        if (redrive is None) != (name in FINAL):
            yield f"{name} has no redrive policy and is not a final queue, or has one and is"
        if redrive is None:
            continue
        target = named(redrive["deadLetterTargetArn"])
        final = target in FINAL
        # SQS counts receives across queues, so a message comes to the second queue with those of the first.
        most = 2 * receives if final else receives
        if redrive["maxReceiveCount"] != most:
            yield f"{name} redrives after {redrive['maxReceiveCount']} receives; by the engine's ladder it is {most}"
        longer = queues[target]["MessageRetentionPeriod"] - queue["MessageRetentionPeriod"]
        if longer < 0 or (longer == 0 and not final):
            yield f"{target} keeps no longer than {name}, so what is redriven late is lost"


def number(path, pattern):
    """A number that a source file holds."""
    found = re.search(pattern, (ROOT / path).read_text(encoding="utf-8"))
    if not found:
        sys.exit(f"{path} has no {pattern}: policies.py has to follow it")
    return int(found[1])


def timeouts(template):
    """provider + mail < lease < stage function < visibility, at any setting of the parameters."""
    provider = number("shared/http/src/lib.rs", r"const LIMIT: Duration = Duration::from_secs\((\d+)\)")
    mail = number("shared/aws/src/mailer.rs", r"const LIMIT: Duration = Duration::from_secs\((\d+)\)")
    lease = number("shared/engine/src/stage/claim.rs", r"LEASE: SignedDuration = SignedDuration::from_secs\((\d+)\)")
    functions, sources = template.of("AWS::Lambda::Function"), template.of("AWS::Lambda::EventSourceMapping")
    if not provider + mail < lease < template.smallest(functions["Stage"]["Timeout"]):
        yield f"provider {provider} s + mail {mail} s, lease {lease} s and the stage function do not nest"
    for name, source in sources.items():
        function, queue = named(source["FunctionName"]), named(source["EventSourceArn"])
        timeout = template.largest(functions[function]["Timeout"])
        visibility = template.resources[queue]["Properties"]["VisibilityTimeout"]
        if timeout * 2 > visibility:
            yield f"{function} may run {timeout} s and {queue} shows its messages again after {visibility}"
        if source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"] or source["BatchSize"] > 10:
            yield f"{name} would repeat a whole batch, or takes more than the function is made for"
        if "MaximumConcurrency" not in source.get("ScalingConfig", {}):
            yield f"{name} has no ceiling: throttled batches would use up receives"
    for api in ("Ingest", "Console"):
        if template.largest(functions[api]["Timeout"]) > 29:
            yield f"{api} may run longer than the API waits"


def functions(template):
    """Variables are those that the functions read; each has its log group, its role and an alarm."""
    source = (ROOT / "shared/aws/src/config.rs").read_text(encoding="utf-8")
    known = set(re.findall(r'= "(HARKARA_\w+)"', source))
    groups, alarms = template.of("AWS::Logs::LogGroup"), template.of("AWS::CloudWatch::Alarm")
    set_somewhere = set()
    for name, function in template.of("AWS::Lambda::Function").items():
        variables = set(function["Environment"]["Variables"])
        set_somewhere |= variables
        for variable in sorted(variables - known):
            yield f"{name} is given {variable}, which nothing reads"
        if named(function["Role"]) != f"{name}Role":
            yield f"{name} has no role of its own"
        group = groups.get(named(function.get("LoggingConfig", {}).get("LogGroup", "")))
        if not group or "RetentionInDays" not in group:
            yield f"{name} has no log group with a retention"
        if not any(alarm.get("MetricName") == "Errors" and named(alarm["Dimensions"][0]["Value"]) == name
                   for alarm in alarms.values()):
            yield f"nobody hears of errors of {name}"
    for variable in sorted(known - set_somewhere):
        yield f"no function is given {variable}"


def gaps(template):
    """Alarms on DynamoDB fill gaps themselves: CloudWatch keeps their state where data is missing, so that one which
    has begun would never be over (PutMetricAlarm, TreatMissingData)."""
    for name, alarm in template.of("AWS::CloudWatch::Alarm").items():
        if "AWS/DynamoDB" in json.dumps(alarm):
            expressions = [it["Expression"] for it in alarm.get("Metrics", []) if "Expression" in it]
            if not expressions or not all("FILL(" in expression for expression in expressions):
                yield f"{name} would never be over"


def counted(template):
    """Alarms look at metrics that the functions tell of, by the one dimension that these have."""
    source = (ROOT / "shared/aws/src/function/metrics.rs").read_text(encoding="utf-8")
    listed = re.search(r"const BROUGHT: \[&str; \d+\] = \[(.*?)\];", source, re.DOTALL)
    brought = set(re.findall(r'"(\w+)"', listed[1])) if listed else set()
    for name, alarm in template.of("AWS::CloudWatch::Alarm").items():
        looked_at = [alarm, *(it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it)]
        for metric in (it for it in looked_at if it.get("Namespace") == "Harkara"):
            dimensions = [dimension["Name"] for dimension in metric["Dimensions"]]
            if metric["MetricName"].split(".")[0] not in brought or dimensions != ["Stack"]:
                yield f"{name} looks at {metric['MetricName']} by {dimensions}, which nothing tells of"


def table_keys(template):
    """The adapter's attributes, in the adapter's names."""
    source = (ROOT / "shared/aws/src/table/attribute.rs").read_text(encoding="utf-8")
    written = dict(re.findall(r'const (PK|SK|EXPIRY): &str = "(\w+)"', source))
    pairs = dict((name, (pk, sk)) for name, pk, sk in
                 re.findall(r'const (LIST|DUE): \(&str, &str\) = \("(\w+)", "(\w+)"\)', source))
    it = template.of("AWS::DynamoDB::Table")["Table"]
    keys = lambda schema: tuple(key["AttributeName"] for key in schema)  # noqa: E731
    if keys(it["KeySchema"]) != (written["PK"], written["SK"]):
        yield "the table's keys are not the adapter's"
    if it["TimeToLiveSpecification"]["AttributeName"] != written["EXPIRY"]:
        yield "the table's time to live is not the adapter's"
    indexes = {index["IndexName"].upper(): keys(index["KeySchema"]) for index in it["GlobalSecondaryIndexes"]}
    if indexes != pairs:
        yield f"the table's indexes are {indexes}, the adapter's {pairs}"


def profile(_):
    """`sam build` builds in release; the Makefile bends that to the profile for Lambda."""
    cargo = (ROOT / "Cargo.toml").read_text(encoding="utf-8").split("[profile.lambda]", 1)[1].split("\n[", 1)[0]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for key, value in re.findall(r'^([\w-]+) = "?([\w]+)"?', cargo, re.MULTILINE):
        variable = f"CARGO_PROFILE_RELEASE_{key.upper().replace('-', '_')}={value}"
        if key != "inherits" and variable not in makefile:
            yield f"the Makefile does not build the functions with {variable}, as profile.lambda has it"


CHECKS = [stars, grants, queues, timeouts, functions, gaps, counted, table_keys, profile]

if __name__ == "__main__":
    template = Template(json.load(sys.stdin))
    problems = [f"{check.__name__}: {problem}" for check in CHECKS for problem in check(template)]
    print("\n".join(problems) or f"policies.py: {len(CHECKS)} rules hold")
    sys.exit(bool(problems))
