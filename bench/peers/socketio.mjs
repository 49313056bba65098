// Socket.IO: a room for each topic, over its WebSocket transport alone.
import { Server } from "socket.io";

const server = new Server({ transports: ["websocket"], serveClient: false });

server.on("connection", (socket) => {
  const { topic } = socket.handshake.query;
  if (topic !== "none") socket.join(topic);
  socket.on("publish", (to, body) => server.to(String(to)).emit("m", body));
});
server.listen(Number(process.argv[2]), { host: "127.0.0.1" });
