/** A module that the runtime compiles: workerd's way, where compiling bytes is forbidden. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
