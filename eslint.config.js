import js from "@eslint/js";
import globals from "globals";

/** Files with a function that is longer than the others' may be, by the most lines it may have: the list only gets shorter. */
const LARGE = {
  150: [
    "explorer/web/draw/compare_maps.js",
    "explorer/web/arithmetic/definition.js",
    "explorer/web/arithmetic/overview.js",
    "explorer/web/kernels/looking.js",
    "explorer/web/kernels/source.js",
    "explorer/web/kernels/strip.js",
    "explorer/web/train/list.js",
    "explorer/web/train/page.js",
  ],
  200: [
    "explorer/web/parts/network/network.js",
    "explorer/web/parts/network/track.js",
    "explorer/web/arithmetic/map.js",
    "explorer/web/arithmetic/properties.js",
    "explorer/web/arithmetic/stage.js",
    "explorer/web/kernels/magnifier.js",
    "explorer/web/kernels/painting.js",
    "explorer/web/models/bar.js",
    "explorer/web/parts/chart.js",
  ],
  250: ["explorer/web/arithmetic/page.js", "explorer/web/kernels/editor.js"],
  300: [
    "explorer/web/draw/page.js",
    "explorer/web/arithmetic/chain.js",
    "explorer/web/kernels/page.js",
    "explorer/web/lib/operators/norm_passes.js",
    "explorer/web/parts/pad.js",
  ],
  350: ["explorer/web/kernels/learning.js"],
};

/** @param {number} max lines of a function */
const sized = (max) => ({ "max-lines-per-function": ["error", { max, skipBlankLines: true, skipComments: true }] });

export default [
  { ignores: [".venv/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["explorer/web/**/*.js"],
    languageOptions: { ecmaVersion: "latest", sourceType: "module", globals: globals.browser },
    rules: {
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      ...sized(120),
      complexity: ["error", 25],
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.object.name='Math'] > SpreadElement",
          message: "A call takes some ten thousand arguments at most: use largestOf or smallestOf of lib/numbers.js.",
        },
      ],
    },
  },
  ...Object.entries(LARGE).map(([max, files]) => ({ files, rules: sized(Number(max)) })),
  { files: ["explorer/web/arithmetic/overview.js"], rules: { complexity: ["error", 35] } },
  {
    files: ["tests/web/**/*.js", "explorer/learn/*.js", "eslint.config.js"],
    languageOptions: { ecmaVersion: "latest", sourceType: "module", globals: globals.node },
  },
];
