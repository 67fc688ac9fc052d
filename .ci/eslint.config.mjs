// How the dashboard's module is read: node eslint.js --config .ci/eslint.config.mjs *.js
const globals = [
  "AbortController", "CSS", "CSSStyleSheet", "FormData", "Node", "clearTimeout", "document", "navigator", "setTimeout", "window",
];
const rules = [
  "array-callback-return", "consistent-this", "default-case-last", "eqeqeq", "no-alert", "no-await-in-loop",
  "no-caller", "no-console", "no-const-assign", "no-constant-condition", "no-dupe-args", "no-dupe-class-members",
  "no-dupe-else-if", "no-dupe-keys", "no-duplicate-case", "no-duplicate-imports", "no-empty", "no-eval", "no-extend-native",
  "no-fallthrough", "no-func-assign", "no-global-assign", "no-implicit-coercion", "no-implied-eval", "no-import-assign",
  "no-invalid-this", "no-loop-func", "no-new-func", "no-param-reassign", "no-promise-executor-return", "no-redeclare",
  "no-self-assign", "no-self-compare", "no-sequences", "no-shadow", "no-sparse-arrays", "no-template-curly-in-string",
  "no-throw-literal", "no-undef", "no-unreachable", "no-unsafe-finally", "no-unsafe-negation", "no-unsafe-optional-chaining",
  "no-unused-vars", "no-use-before-define", "no-useless-assignment", "no-useless-backreference", "no-useless-catch",
  "no-useless-escape", "no-useless-return", "no-var", "object-shorthand", "prefer-const", "prefer-template",
  "require-atomic-updates", "use-isnan", "valid-typeof",
];

export default [
  {
    languageOptions: { globals: Object.fromEntries(globals.map((name) => [name, "readonly"])) },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...Object.fromEntries(rules.map((name) => [name, "error"])),
      complexity: ["error", 18],
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "max-len": ["error", 120],
      "no-restricted-properties": ["error", { property: "outerHTML" }, { object: "document", property: "write" }],
    },
  },
];
