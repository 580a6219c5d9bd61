/** What bundlers and workerd make of an imported kernel. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** As much of Express as the recipe uses. */
declare module "express" {
  interface App {
    use(middleware: unknown): void;
    post(
      path: string,
      handler: (
        request: { readonly body: unknown },
        response: { status(code: number): { json(body: unknown): void } },
      ) => void,
    ): void;
    listen(port: number): void;
  }
  function express(): App;
  namespace express {
    function json(options: { readonly limit: string }): unknown;
  }
  export default express;
}
