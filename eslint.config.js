import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["dist", "coverage", "docs/api", "out", ".cache", "src/kernels", "bench/results"]),
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strict, tseslint.configs.recommendedTypeChecked],
    // Not the project service: it makes a program of its own, with all types again, for each run that meets a file with "#!".
    languageOptions: {
      parserOptions: { project: "tsconfig.json", jsDocParsingMode: "none", tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "no-console": "error",
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: false }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/base/json/**"],
    rules: {
      "no-restricted-properties": [
        "error",
        {
          object: "JSON",
          property: "parse",
          message: "Use parseJson of base/json/parse.js: it bounds the depth and refuses __proto__.",
        },
      ],
    },
  },
  { files: ["src/cli/**", "test/**", "bench/**", "examples/**", "scripts/**"], rules: { "no-console": "off" } },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: {
      globals: {
        console: "readonly",
        process: "readonly",
        performance: "readonly",
        URL: "readonly",
        Buffer: "readonly",
        fetch: "readonly",
        setTimeout: "readonly",
        WebAssembly: "readonly",
      },
    },
  },
);
