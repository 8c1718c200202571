// A department's own program in Node: takes its assignments from the broker, keeps them, and answers `accepted`.
//
//   npm install && AMQP_URL=amqp://user:password@host:5672/ilkim DEPARTMENT=temizlik-isleri node department_consumer.js
//
// Work is appended to WORK_FILE (default: work.jsonl), one assignment a line; Ctrl-C or SIGTERM ends it.
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const amqp = require("amqplib");

const PREFETCH = { urgent: 20, routine: 5 };
const PUBLISH_TIMEOUT_MS = 5000;
const { AMQP_URL, DEPARTMENT, WORK_FILE = "work.jsonl" } = process.env;

async function main() {
  let stopping = false;
  const connection = await amqp.connect(AMQP_URL, { heartbeat: 20 });
  // Whoever runs this (systemd, Docker) starts it again; what was not acknowledged is delivered again.
  connection.on("close", () => process.exit(stopping ? 0 : 1));
  connection.on("error", (error) => console.error(`broker: ${error.message}`));
  const answers = await connection.createConfirmChannel();
  answers.on("return", (message) => console.error(`no queue takes ${message.fields.routingKey}`));
  const known = assignmentsOnDisk();
  for (const [lane, prefetch] of Object.entries(PREFETCH)) {
    const channel = await connection.createChannel(); // one each, so that neither lane waits for the other
    await channel.prefetch(prefetch);
    await channel.consume(`department.${DEPARTMENT}.${lane}`, (message) => {
      if (message === null) process.exit(1); // the queue was deleted
      take(message, channel, answers, known).catch((error) => {
        console.error(error.message); // not acknowledged: closing the connection brings it back
        process.exit(1);
      });
    });
  }
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.on(name, () => {
      stopping = true;
      connection.close();
    });
  }
}

// Keep it, answer that we have it, and only then acknowledge: a crash in between means the same once more.
async function take(message, channel, answers, known) {
  let content;
  try {
    content = JSON.parse(message.content.toString("utf8"));
  } catch {
    channel.reject(message, false); // nobody can ever read it: İLKİM's people look at it
    return;
  }
  if (content.type === "assignment.offered.v1") {
    if (!known.has(content.assignment_id)) {
      append(content);
      known.add(content.assignment_id);
    }
    await answer(answers, content, "accepted", {});
  }
  channel.ack(message); // what we do not know is not for us (yet)
}

// One answer, confirmed by the broker. The same answer always has the same id.
function answer(channel, offer, word, content) {
  const type = word === "asked" ? "citizen.asked.v1" : `assignment.${word}.v1`;
  const id = uuid5(offer.assignment_id, `${type} ${JSON.stringify(content)}`);
  const body = {
    type,
    id,
    occurred_at: new Date().toISOString(),
    trace_id: offer.trace_id ?? "",
    assignment_id: offer.assignment_id,
    case_id: offer.case_id,
    owner: DEPARTMENT,
    ...content,
  };
  const properties = { contentType: "application/json", deliveryMode: 2, messageId: id, mandatory: true };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no confirm in time")), PUBLISH_TIMEOUT_MS);
    const key = `answer.${DEPARTMENT}.${word}`;
    channel.publish("ilkim.answers", key, Buffer.from(JSON.stringify(body)), properties, (error) => {
      clearTimeout(late);
      if (error) reject(error);
      else resolve();
    });
  });
}

function assignmentsOnDisk() {
  if (!fs.existsSync(WORK_FILE)) return new Set();
  const lines = fs.readFileSync(WORK_FILE, "utf8").split("\n").filter(Boolean);
  return new Set(lines.map((line) => JSON.parse(line).assignment_id));
}

function append(offer) {
  const file = fs.openSync(WORK_FILE, "a");
  fs.writeSync(file, `${JSON.stringify(offer)}\n`);
  fs.fsyncSync(file); // acknowledged work must outlive a power cut
  fs.closeSync(file);
}

// RFC 9562, version 5.
function uuid5(namespace, name) {
  const hash = createHash("sha1").update(Buffer.from(namespace.replaceAll("-", ""), "hex")).update(name).digest();
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = hash.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
