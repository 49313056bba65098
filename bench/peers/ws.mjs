// `ws`: what `/publish` sends goes to everyone who is subscribed to that topic.
import { WebSocketServer } from "ws";

const topics = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false });

server.on("connection", (socket, request) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/publish") {
    socket.on("message", (data) => {
      const space = data.indexOf(32);
      const body = data.subarray(space + 1);
      for (const subscriber of topics.get(data.subarray(0, space).toString()) ?? []) {
        if (subscriber.readyState === 1) subscriber.send(body, { binary: false });
      }
    });
    return;
  }
  const topic = url.searchParams.get("topic");
  if (!topics.has(topic)) topics.set(topic, new Set());
  topics.get(topic).add(socket);
  socket.on("close", () => topics.get(topic).delete(socket));
});
