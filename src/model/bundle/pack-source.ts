import { manifestPath } from "./manifest.js";
import type { BundleSource } from "./source.js";

/**
 * Yields a bundle as a .tar.gz while it is read: manifest first, then by path, with fixed dates, owners and modes, so
 * that equal bundles are equal archives.
 */
export async function* packSource({ manifest, read }: BundleSource): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { createTarPacker } = await import("modern-tar");
  const { readable, controller } = createTarPacker();
  const manifestBytes = await size(read(manifestPath));
  const files = [
    { path: manifestPath, bytes: manifestBytes },
    ...manifest.files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  ];
  const packed = (async () => {
    for (const { path, bytes } of files) {
      const body = controller.add({
        name: path,
        size: bytes,
        mtime: new Date(0),
        mode: 0o644,
        uid: 0,
        gid: 0,
        type: "file",
      });
      const writer = body.getWriter();
      for await (const part of read(path)) await writer.write(part);
      await writer.close();
    }
    controller.finalize();
  })();
  packed.catch((error: unknown) => controller.error(error));
  const reader = readable.pipeThrough(new CompressionStream("gzip")).getReader();
  let first = true;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    // The operating system in gzip's header: "unknown" on all of them.
    if (first && next.value.length > 9) next.value[9] = 255;
    first = false;
    yield next.value;
  }
  await packed;
}

async function size(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const part of stream) bytes += part.length;
  return bytes;
}
