#!/usr/bin/env bash
# Starts the server with `make run` on a fresh folder, sends the demo's orders, and looks at what a
# visitor would: the sign-in, the messages in the outbox through the API, a clean stop.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(mktemp -d)
listen=127.0.0.1:8789
make harkara
# In a process group of its own, so that make and the server under it stop together.
set -m
make run DATA="$data" LISTEN="$listen" TIME_SCALE=60 >"$data/serve.log" 2>&1 &
server=$!
set +m
trap 'kill -TERM -- "-$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$data"' EXIT

for _ in $(seq 1 100); do
    curl -fsS "http://$listen/healthz" >/dev/null 2>&1 && break
    sleep 0.2
done
curl -fsS "http://$listen/healthz" >/dev/null
grep -q "/setup/" "$data/serve.log"
make demo DATA="$data" LISTEN="$listen"
test "$(curl -s -o /dev/null -w '%{http_code}' "http://$listen/api/v1/outbox")" = 401
test "$(curl -s -o /dev/null -w '%{http_code}' -X POST "http://$listen/webhooks/demo/shopify" -d '{}')" = 401

key=$(cat "$data/local.key")
kept=0
for _ in $(seq 1 50); do
    kept=$(curl -fsS -H "authorization: Bearer $key" "http://$listen/api/v1/outbox?limit=200" |
        python3 -c 'import json, sys; print(sum(e["channel"] == "whatsapp" for e in json.load(sys.stdin)["entries"]))')
    [ "$kept" -ge 5 ] && break
    sleep 0.2
done
test "$kept" -ge 5
echo "smoke: the server runs, asks for a sign-in, refuses what is not signed, and has sent $kept messages"
