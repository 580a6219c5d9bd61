import type { Server } from "node:http";
import type { Socket } from "node:net";

const sweepMilliseconds = 50;

/**
 * Stops listening, closes connections when they become idle, and after `timeout` milliseconds the others.
 *
 * @param sockets all open connections, kept up to date by the caller.
 */
export function closeGently(server: Server, sockets: ReadonlySet<Socket>, timeout: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      // Node treats a connection that never sent a byte as busy.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, sweepMilliseconds);
    const deadline = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, timeout);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
