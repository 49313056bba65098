// uWebSockets, which is what Bun's own server is: its publish() to a topic.
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    const url = new URL(request.url);
    const data = { topic: url.pathname === "/publish" ? null : url.searchParams.get("topic") };
    return server.upgrade(request, { data }) ? undefined : new Response("WebSocket only", { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      if (socket.data.topic !== null) socket.subscribe(socket.data.topic);
    },
    message(socket, text) {
      const space = text.indexOf(" ");
      socket.publish(text.slice(0, space), text.slice(space + 1));
    },
  },
});
