/** What bundlers and workerd make of an imported kernel. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
