/**
 * The shapes that the client library's modules share. Types only; nothing runs here.
 *
 * @typedef {{ offset: number, epoch: string }} Position How far this page has come on a topic.
 * @typedef {Record<string, Position>} PositionMap Positions by the topic as subscribed.
 * @typedef {Record<string, any> & { type: string }} Message One message of the wire; docs/protocol.md lists them.
 * @typedef {"connecting"|"connected"|"error"|"disconnected"|"reconnecting"|"failed"} Status
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
 * @typedef {object} Options
 * @property {string} url
 * @property {new (url: string, protocols: string[]) => Socket} Socket The WebSocket class.
 * @property {Clock} clock
 * @property {() => number} random A number in [0, 1).
 * @property {number} refreshTime Milliseconds after which a connection is replaced by a new one.
 * @property {number} pingInterval Milliseconds between two pings.
 * @property {(...parts: any[]) => void} log
 */

export {};
