// What the ingest does, in Node: verifies an order's signature against the store's connection from
// Parameter Store, and enqueues its facts. `make bench-cold` compares the two.
import { createHmac, timingSafeEqual } from "node:crypto";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

// As the Rust function: clients once, connections after the first event, kept for a minute.
const parameters = new SSMClient({});
// As the Rust SDK: the address is the configured one, and answers' checksums are not computed.
const queue = new SQSClient({ useQueueUrlAsEndpoint: false, md5: false });
const held = new Map();
const FRESH_MS = 60_000;

export async function handle(event) {
  const [, , store, source] = event.rawPath.split("/");
  const body = Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8");
  const { secrets } = await connection(store, source);
  const signature = Buffer.from(event.headers["x-shopify-hmac-sha256"] ?? "", "base64");
  if (!secrets.some((secret) => isSigned(secret, body, signature))) {
    return answer(401, { error: "bad signature" });
  }
  const facts = factsOf(store, JSON.parse(body.toString("utf8")));
  await queue.send(new SendMessageCommand({
    QueueUrl: process.env.HARKARA_EVENTS_QUEUE,
    MessageBody: JSON.stringify({ v: 1, job: "facts", facts }),
    DelaySeconds: 0,
  }));
  return answer(200, { facts: facts.length, ignored: 0 });
}

async function connection(store, source) {
  const name = `${process.env.HARKARA_PARAMETERS}/${store}/${source}`;
  const known = held.get(name);
  if (known && Date.now() - known.at < FRESH_MS) return known.value;
  const found = await parameters.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  const value = JSON.parse(found.Parameter.Value);
  held.set(name, { value, at: Date.now() });
  return value;
}

function isSigned(secret, body, signature) {
  const tag = createHmac("sha256", secret).update(body).digest();
  return tag.length === signature.length && timingSafeEqual(tag, signature);
}

// Less than the Rust function makes of it, which knows all topics, phones and cities.
function factsOf(store, order) {
  return [{
    store,
    order: `shopify-${order.id}`,
    name: order.name,
    at: order.updated_at,
    total: order.total_price,
    currency: order.currency,
    phone: order.shipping_address?.phone,
    first_name: order.shipping_address?.first_name,
    city: order.shipping_address?.city,
    items: order.line_items.map(({ title, quantity, price }) => ({ title, quantity, price })),
  }];
}

function answer(statusCode, body) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
