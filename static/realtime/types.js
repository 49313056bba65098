/**
 * The shapes that the client library's modules share. Types only; nothing runs here.
 *
 * @typedef {{ offset: number, epoch: string }} Position How far this page has come on a topic.
 * @typedef {Record<string, Position>} PositionMap Positions by the topic as subscribed.
 * @typedef {Record<string, any> & { type: string }} Message One message of the wire; docs/protocol.md lists them.
 * @typedef {"connecting"|"connected"|"error"|"disconnected"|"reconnecting"|"failed"} Status
 * @typedef {"websocket"|"sse"|"poll"} Transport What a connection is made of.
 *
 * @typedef {object} Clock Time, passed in so that tests need no sleep. Milliseconds.
 * @property {() => number} now
 * @property {(work: () => void, delay: number) => any} after Run once, later; the answer is for `cancel`.
 * @property {(timer: any) => void} cancel
 *
 * @typedef {object} Socket What is used of the browser's WebSocket.
 * @property {number} readyState
 * @property {(() => void) | null} onopen
 * @property {((event: { data: any }) => void) | null} onmessage
 * @property {((event: any) => void) | null} onerror
 * @property {((event: { code: number, reason: string }) => void) | null} onclose
 * @property {(text: string) => void} send
 * @property {(code?: number, reason?: string) => void} close
 *
 * @typedef {object} Http Where the streams are without WebSocket.
 * @property {(url: string, init: RequestInit) => Promise<Response>} fetch
 * @property {string} stream The address of the server-sent events.
 * @property {string} changes The address of the long poll.
 *
 * @typedef {() => Promise<{ ticket: string } | { token: string }>} Authenticate Gives a credential that was not used yet.
 *
 * @typedef {object} Tabs What lets the tabs of one browser know of each other.
 * @property {string} name Whose tabs: only those with the same name share. It has to tell the person and the server.
 * @property {string} id This tab's own.
 * @property {{ request: (...args: any[]) => Promise<any> }} locks The browser's LockManager.
 * @property {new (name: string) => Channel} Channel The BroadcastChannel class.
 *
 * @typedef {object} Channel What is used of a BroadcastChannel.
 * @property {((event: { data: any }) => void) | null} onmessage
 * @property {(data: any) => void} postMessage
 * @property {() => void} close
 *
 * @typedef {object} Options
 * @property {string} url
 * @property {new (url: string, protocols: string[]) => Socket} Socket The WebSocket class.
 * @property {Http} [http] Without it there is WebSocket only.
 * @property {Authenticate} [auth] Without it the session's cookie speaks for the page.
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem"> | null} [storage] Outlives a reload, and may throw.
 * @property {Tabs} [tabs] Without it each tab has a connection of its own.
 * @property {number} [doubt] Milliseconds without a greeting after which a page that relies on its session asks why.
 * @property {Clock} clock
 * @property {() => number} random A number in [0, 1).
 * @property {number} refreshTime Milliseconds after which a connection is replaced by a new one.
 * @property {number} pingInterval Milliseconds between two pings.
 * @property {(...parts: any[]) => void} log
 *
 * @typedef {object} Connection One connection, whatever it is made of: `Link`, `SseLink`, `PollLink` and `SharedLink` are such.
 * @property {Transport} transport
 * @property {boolean} ready Whether messages come over it.
 * @property {boolean} settled Whether it follows all that the page wants.
 * @property {string} clientId Empty where the server names none.
 * @property {number} connectedAt When it became ready; 0 before.
 * @property {Message | null} notice The server's `disconnect`.
 * @property {number | null} latency Milliseconds that the last ping took.
 * @property {(topic: string) => boolean} covers Whether all that is published on a topic comes over it.
 * @property {(topics: string[]) => void} follow The page wants these as well.
 * @property {(topics: string[]) => void} leave The page wants these no longer.
 * @property {(message: Message) => void} noted The page has taken note of a message that came over this connection.
 * @property {(message: Message) => boolean} send Whether it went out.
 * @property {() => void} probe Make sure that the peer is there.
 * @property {(code?: number, reason?: string) => void} close End it from this side, telling the owner nothing.
 *
 * @typedef {object} Ends What a connection tells its owner; after `lost` it tells nothing more.
 * @property {(link: Connection) => void} opened It is ready. Comes before any message.
 * @property {(link: Connection, message: Message) => void} message Batches come one by one.
 * @property {(link: Connection, end: import("./closing.js").Verdict) => void} lost It is gone. Exactly once.
 */

export {};
