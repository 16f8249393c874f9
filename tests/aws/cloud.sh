#!/usr/bin/env bash
# The local cloud of the tests: ministack (SQS, Scheduler, SES, SSM, Lambda, ...) and dynoxide (DynamoDB),
# both on the loopback, with a clock that tests move.
#
#   tests/aws/cloud.sh up FOLDER MINISTACK_PORT DYNOXIDE_PORT
#   tests/aws/cloud.sh down FOLDER
#
# FOLDER holds logs, pids, the file `clock`, and the file `env`, to be sourced. What is written into
# `clock` is the time of both, in the words of libfaketime: `+0` is now, `+30m` half an hour later, and
# `2026-11-25 10:00:00` (UTC) stands still. Replace the file (mv); never write into it. With MACHINE_CLOCK=1
# both go by the machine's own clock, and faster.
# Needs `libfaketime` and the tools below `.tools`, or elsewhere: MINISTACK_PYTHON, DYNOXIDE.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

die() { echo "cloud.sh: $*" >&2; exit 1; }

# Waits up to 30 s until the URL answers with anything at all. NAME URL PID LOG
await() {
    for _ in $(seq 1 120); do
        if curl --silent --output /dev/null --max-time 2 "$2"; then return 0; fi
        kill -0 "$3" 2>/dev/null || break
        sleep 0.25
    done
    tail -n 20 "$4" >&2 || true
    down "$folder"
    die "$1 did not start; its log is $4"
}

# NAME COMMAND...: in the background, by the clock of the folder.
begin() {
    local name=$1
    shift
    local clock=(LD_PRELOAD="$faketime" FAKETIME_TIMESTAMP_FILE="$folder/clock" FAKETIME_NO_CACHE=1
        FAKETIME_DONT_FAKE_MONOTONIC=1)
    [ -z "${MACHINE_CLOCK:-}" ] || clock=()
    env TZ=UTC "${clock[@]}" "$@" >"$folder/$name.log" 2>&1 </dev/null &
    echo $! >"$folder/$name.pid"
}

up() {
    [ $# = 3 ] || die "up FOLDER MINISTACK_PORT DYNOXIDE_PORT"
    local ministack_port=$2 dynoxide_port=$3
    mkdir -p "$1"
    folder=$(cd "$1" && pwd)
    [ ! -e "$folder/ministack.pid" ] || die "$folder is in use: take it down first"
    faketime=$(find /usr/lib /usr/local/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
    [ -n "$faketime" ] || die "libfaketime is missing (apt-get install faketime)"
    local python=${MINISTACK_PYTHON:-$root/.tools/py/bin/python} dynoxide=${DYNOXIDE:-$root/.tools/bin/dynoxide}
    [ -x "$python" ] || die "$python is missing (make tools)"
    [ -x "$dynoxide" ] || die "$dynoxide is missing (make tools)"
    for port in "$ministack_port" "$dynoxide_port"; do
        ! curl --silent --output /dev/null --max-time 1 "http://127.0.0.1:$port" || die "port $port is taken"
    done
    echo '+0' >"$folder/clock"
    begin ministack BIND_HOST=127.0.0.1 GATEWAY_PORT="$ministack_port" MINISTACK_REGION=us-east-1 \
        "$python" "$here/local_cloud.py"
    begin dynoxide "$dynoxide" serve --host 127.0.0.1 --port "$dynoxide_port"
    await ministack "http://127.0.0.1:$ministack_port/_ministack/health" "$(cat "$folder/ministack.pid")" "$folder/ministack.log"
    await dynoxide "http://127.0.0.1:$dynoxide_port/" "$(cat "$folder/dynoxide.pid")" "$folder/dynoxide.log"
    cat >"$folder/env" <<ENV
export HARKARA_TEST_AWS=http://127.0.0.1:$ministack_port
export HARKARA_TEST_DYNAMODB=http://127.0.0.1:$dynoxide_port
export HARKARA_TEST_CLOCK=$folder/clock
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
ENV
    echo "local cloud: source $folder/env"
}

# Ends what is still there, politely and then not; twice is fine.
down() {
    [ $# = 1 ] || die "down FOLDER"
    local name pid
    for name in ministack dynoxide; do
        [ -e "$1/$name.pid" ] || continue
        pid=$(cat "$1/$name.pid")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 1 40); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
        rm -f "$1/$name.pid"
    done
}

case ${1:-} in
    up) shift; up "$@" ;;
    down) shift; down "$@" ;;
    *) die "up FOLDER MINISTACK_PORT DYNOXIDE_PORT, or down FOLDER" ;;
esac
