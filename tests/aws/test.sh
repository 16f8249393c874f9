#!/usr/bin/env bash
# The proof without an account: Harkara on AWS, as far as it can be shown on one machine.
#
#   tests/aws/test.sh contracts    the ports' contracts, and the world tests, over emulated services
#   tests/aws/test.sh whole        the template deployed with `sam deploy` into a local cloud, and driven over HTTP
#   tests/aws/test.sh load         ORDERS (10000) orders through that
#   tests/aws/test.sh              contracts, then the whole
#
# Wants the built functions (`make build`), libfaketime, and what `make tools` installs. Takes the ports PORT
# (4650) and the two after it. What the local cloud logged is left in FOLDER when something failed.
set -euo pipefail
cd "$(dirname "$0")/../.."

PORT=${PORT:-4650}
BUILT=${BUILT:-target/sam}
FOLDER=${FOLDER:-target/aws-test}
STACK=harkara-test
cloud=http://127.0.0.1:$PORT
dynamodb=http://127.0.0.1:$((PORT + 1))
whatsapp=http://127.0.0.1:$((PORT + 2))
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true SAM_CLI_TELEMETRY=0
unset AWS_PROFILE AWS_SESSION_TOKEN

die() { echo "aws-test: $*" >&2; exit 1; }
say() { echo "== $* ($SECONDS s)"; }

needed() {
    for tool in .tools/py/bin/sam .tools/py/bin/ministack .tools/bin/dynoxide; do
        [ -x "$tool" ] || die "$tool is missing: make tools"
    done
    faketime=$(find /usr/lib /usr/local/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
    [ -n "$faketime" ] || die "libfaketime is missing: apt-get install faketime"
    for port in "$PORT" $((PORT + 1)) $((PORT + 2)); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || die "port $port is taken: set PORT"
    done
}

# Whatever happens, nothing is left running.
ended() {
    local code=$?
    tests/aws/cloud.sh down "$FOLDER" || true
    if [ "$code" = 0 ]; then
        rm -rf "$FOLDER"
    elif [ -d "$FOLDER" ]; then
        echo "aws-test: failed; see $FOLDER" >&2
    fi
}

# A fresh local cloud. What is in its environment the functions have in theirs: that is how they are told
# of it, and of its clock, without a change of the template.
begin() {
    tests/aws/cloud.sh down "$FOLDER"
    rm -rf "$FOLDER"
    AWS_ENDPOINT_URL=$cloud AWS_ENDPOINT_URL_DYNAMODB=$dynamodb \
        timeout 60 tests/aws/cloud.sh up "$FOLDER" "$PORT" $((PORT + 1)) >/dev/null
}

contracts() {
    begin
    # In a shell of its own: the variables are for these tests alone.
    (
        # shellcheck disable=SC1091
        source "$FOLDER/env"
        # Building has no limit; what hangs has.
        cargo test --locked --no-run -p harkara-aws
        say "the ports' contracts"
        timeout 400 cargo test --locked -p harkara-aws -- --test-threads=1
        cargo test --locked --no-run -p harkara-tests --test it
        say "the world tests over DynamoDB"
        timeout 600 cargo test --locked -p harkara-tests --test it
    )
}

deploy() {
    [ -e "$BUILT/template.yaml" ] || die "$BUILT/template.yaml is missing: make build"
    say "deploying into the local cloud"
    PATH="$PWD/.tools/py/bin:$PATH" AWS_ENDPOINT_URL=$cloud timeout 180 .tools/py/bin/sam deploy \
        --template-file "$BUILT/template.yaml" --stack-name "$STACK" --capabilities CAPABILITY_IAM --resolve-s3 \
        --no-confirm-changeset --no-progressbar \
        --parameter-overrides ConsoleStore=demo MailFrom=orders@chadar.example >"$FOLDER/deploy.log" 2>&1 \
        || { tail -n 30 "$FOLDER/deploy.log" >&2; die "the stack cannot be deployed"; }
    AWS_ENDPOINT_URL=$cloud AWS_ENDPOINT_URL_DYNAMODB=$dynamodb timeout 60 \
        .tools/py/bin/python tests/aws/stack.py "$STACK" "$FOLDER/stack.json"
}

driven() {
    cargo build --locked -p harkara-onebox --features aws
    cargo test --locked --no-run -p harkara-tests --test aws
    cp target/debug/harkara "$FOLDER/harkara"
    HARKARA_TEST_STACK=$PWD/$FOLDER/stack.json HARKARA_TEST_WHATSAPP=$whatsapp HARKARA_TEST_FAKETIME=$faketime \
        HARKARA_TEST_OPERATOR=$PWD/$FOLDER/harkara HARKARA_TEST_BUILT=$(realpath "$BUILT") \
        timeout 700 cargo test --locked -p harkara-tests --test aws -- --test-threads=1 "$@"
}

whole() {
    begin
    deploy
    say "the whole"
    driven
}

load() {
    # Nothing has to wait for its time here, and libfaketime would take most of the emulator's.
    MACHINE_CLOCK=1 begin
    deploy
    say "${ORDERS:-10000} orders"
    HARKARA_TEST_ORDERS=${ORDERS:-10000} driven --ignored --nocapture thousands
}

trap ended EXIT
case ${1:-all} in
    contracts | whole | load) needed; "$1" ;;
    all) needed; contracts; whole ;;
    *) die "contracts, whole or load" ;;
esac
say "passed"
