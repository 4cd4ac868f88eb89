// A device written only from shared/hfp1.asyncapi.json: it keeps its events in memory, speaks HFP/1 and ends when the hub has
// acknowledged them all. Usage: node device.mjs '{"host","port","device","password","protocol","store","counter","events"}'
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import mqtt from "mqtt";

const options = JSON.parse(process.argv[2]);
const { device, store } = options;
const started = Date.now();
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const reading = () => ({ boot: "node-boot", mono_ms: Date.now() - started, wall_ms: Date.now(), clock: "unsynced" });

const lines = [];
const heads = [sha256(`HFP/1\n${device}\n${store}`)]; // heads[i]: the chain head before sequence number i + 1
for (let i = 0; i < options.events; i++) {
  const event = { t: "rating", at: reading(), visit: `n${i}`, counter: options.counter, level: 1 + (i % 5) };
  lines.push(Buffer.from(JSON.stringify(event)));
  heads.push(sha256(heads[i], sha256(lines[i])));
}

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const key = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url").toString("hex");
const statement = (kind, ...parts) => parts.reduce(
  (whole, part) => Buffer.concat([whole, Buffer.from("\n"), Buffer.from(part)]), Buffer.from(`HFP/1 ${kind}`),
);
const signed = (...parts) => sign(null, statement(...parts), privateKey).toString("hex");

const base = `hy/v1/${device}`;
const client = mqtt.connect({
  host: options.host,
  port: options.port,
  protocol: "mqtt",
  protocolVersion: options.protocol === "5" ? 5 : 4,
  clean: true,
  clientId: device,
  username: device,
  password: options.password,
});

let acked = 1;
let sent = 0;
let anchor = null; // what the acks have told of the hub's time

function learn(ack) {
  const now = reading();
  const trip = now.mono_ms - ack.echo_mono_ms;
  if (ack.echo_boot !== now.boot || trip < 0) return;
  const half = Math.ceil(trip / 2);
  if (anchor === null || half < anchor.error_ms) {
    anchor = { boot: now.boot, mono_ms: now.mono_ms, hub_ms: ack.hub_ms + half, error_ms: half };
  }
}

function birth() {
  const head = heads[lines.length].toString("hex");
  const status = {
    t: "birth", conn: `c${Date.now()}`, store, next: lines.length + 1, head,
    backlog: lines.length + 1 - acked, sent: reading(), version: "node", key,
    anchors: anchor === null ? [] : [anchor],
  };
  const line = JSON.stringify(status);
  client.publish(`${base}/up/status`, `${line}\n${signed("status", device, line)}`, { qos: 1, retain: true });
}

function sendFrom(next) {
  for (sent = next; sent <= lines.length; sent += 40) {
    const part = lines.slice(sent - 1, sent + 39);
    const header = {
      v: 1, store, first: sent, n: part.length, prev: heads[sent - 1].toString("hex"), sent: reading(),
      ...(anchor === null ? {} : { anchor }),
    };
    const line = JSON.stringify(header);
    const signature = signed("batch", device, line, heads[sent - 1 + part.length]);
    client.publish(`${base}/up/events`, [line, ...part, signature].join("\n"), { qos: 1 });
  }
}

client.on("connect", () => {
  client.subscribe([`${base}/down/ack`, `${base}/down/desired`, `${base}/down/cmd`, "hy/v1/hub/state"], { qos: 1 }, birth);
});

client.on("message", (topic, payload) => {
  if (topic !== `${base}/down/ack`) return;
  const answer = JSON.parse(payload);
  if (answer.store !== store) return;
  if (answer.t === "refusal") {
    console.log(JSON.stringify({ refused: answer.reason, next: answer.next }));
    if (answer.reason === "gap") sendFrom(answer.next);
    return;
  }
  if (answer.head !== heads[answer.next - 1].toString("hex")) throw new Error("the histories differ");
  learn(answer);
  acked = answer.next;
  if (acked === lines.length + 1) {
    console.log(JSON.stringify({ acked: lines.length }));
    client.end();
  } else if (sent === 0) {
    // On purpose once: the second batch first. The hub must refuse it as a gap and name its cursor.
    if (lines.length > 40) sendFrom(41);
    else sendFrom(acked);
  }
});

setTimeout(() => {
  console.error("not acknowledged in time");
  process.exit(1);
}, 30_000).unref();
