import { connect, type Socket } from "node:net";

/** A connection on which a test writes bytes as it likes. */
export interface RawConnection {
  readonly socket: Socket;
  /** Waits until what came back satisfies the test, or the connection ended. */
  until(enough: (text: string) => boolean): Promise<string>;
  /** The error that the connection met, if any: a server that hangs up in good order causes none. */
  error(): Error | undefined;
  /** Resolves when the server hung up, with all that came back. */
  readonly ended: Promise<string>;
}

/** Opens a connection and writes `start` on it. */
export function rawConnection(port: number, start = ""): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const waiting = new Set<() => void>();
    const wake = (): void => waiting.forEach((one) => one());
    let over = false;
    let failure: Error | undefined;
    const ended = new Promise<string>((end) => {
      socket.once("close", () => {
        over = true;
        end(text);
        wake();
      });
    });
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
      wake();
    });
    socket.once("error", reject);
    socket.once("connect", () => {
      // From here on an error only ends the connection.
      socket.off("error", reject).on("error", (error) => {
        failure = error;
      });
      if (start !== "") socket.write(start);
      resolve({
        socket,
        error: () => failure,
        until: (enough) =>
          new Promise((done) => {
            const look = (): void => {
              if (!over && !enough(text)) return;
              waiting.delete(look);
              done(text);
            };
            waiting.add(look);
            look();
          }),
        ended,
      });
    });
  });
}

/** How many answers have begun. */
export const answers = (text: string): number => text.split("HTTP/1.1 ").length - 1;

/** A POST request as bytes. */
export function postText(path: string, body: string, headers = ""): string {
  return `POST ${path} HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
