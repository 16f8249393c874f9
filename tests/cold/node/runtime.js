// The loop of a Lambda function, with Node's own `http` over one kept connection. AWS's runtime client
// does the same and more, and is slower to start.
import { Agent, request } from "node:http";
import { handle } from "./ingest.js";

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const ROOT = "/2018-06-01/runtime/invocation";

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request({ agent, host, port, method, path, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString("utf8") }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function main() {
  for (;;) {
    const next = await call("GET", `${ROOT}/next`);
    const id = next.headers["lambda-runtime-aws-request-id"];
    try {
      const answer = await handle(JSON.parse(next.body));
      await call("POST", `${ROOT}/${id}/response`, JSON.stringify(answer));
    } catch (error) {
      const told = { errorMessage: error.message, errorType: error.name };
      await call("POST", `${ROOT}/${id}/error`, JSON.stringify(told));
    }
  }
}

main();
