/** What the Draw page asks of the server and what it is answered: types only. */

/** @template Q, A @typedef {import("../live.js").Asked<Q, A>} Asked */
/** @typedef {import("./network.js").Prediction} Prediction */
/** A number; by its name where it is not finite. @typedef {number | string} Told */

/** What is shown besides the strokes, for which it is null: a digit of MNIST's test set, a picture that a run holds back, a picture as bytes in base64 (one a pixel, or three), or the model's example. @typedef {{ digit: number } | { run: string, picture: number } | { width: number, height: number, data: string } | "example" | null} Source */
/** How the input is changed: amounts by name (core/data/perturbation.py); `true` for what is on or off. @typedef {Record<string, number | true>} Perturbation */
/** What the network is shown (explorer/screen/inputs.py). @typedef {{ strokes: import("../strokes.js").Stroke[], brush: number, centred: boolean, source?: Source, perturbation?: Perturbation }} Shown */

/**
 * One change of the model (explorer/screen/edits.py).
 * @typedef {{ kind: "set", parameter: string, index: number[], value: number }
 *   | { kind: "scale", parameters: string[], channel: number, factor: number }
 *   | ({ kind: "sgd", rate: number, label: number } & Shown)
 *   | { kind: "swap", call: number, activation: string | null }} Edit
 */

/** What is on the pad and the model it is shown to; `label`: the class taken for true. @typedef {Shown & { model: string, label: number | null, edits: Edit[] }} Drawing */
/** One cell of it: see `Place` of link.js. @typedef {Drawing & { step: number, cell: number[], of: string }} AtPlace */

/** `wanted`: [step, first channel] of the maps; `structure`: of the description that the page has. @typedef {Drawing & { wanted: number[][], structure: string, sort?: string }} ObserveRequest */
/** A square of grey bytes, 255 ink, in base64. @typedef {{ side: number, data: string }} Grey */
/** A picture in colours (3 channels) or grey (1), as bytes in base64. @typedef {{ width: number, height: number, channels: number, data: string }} Coloured */
/**
 * Where an input comes from; `seen`: the model's own input, where it is a picture and the stages do not tell it; `mean`, `std`: of
 * each channel, null where the model's own preprocess took their place.
 * @typedef {{
 *   source: "strokes" | "digit" | "held" | "picture", empty: boolean, mean: number[] | null, std: number[] | null, seen: Coloured | null,
 *   warp: number[][] | null, digit?: number, held?: number, run?: string, label?: string, size?: number[],
 * }} From
 */
/**
 * What happened to ink. `ink`: of a picture; `unperturbed`: the picture before it was changed on purpose, null where it was not;
 * `warp` takes places of the perturbed picture back to the one before.
 * @typedef {From & {
 *   kind: "ink", centred: boolean, box: number[] | null, scale: number, shift: number[], mass: number[], pen: number, scaled: Grey,
 *   picture: Grey, unperturbed: Grey | null, ink?: Grey, dark?: boolean,
 * }} InkStages
 */
/**
 * What was cut out of a picture: the `box`, in shares of the `whole`, which the model's own preprocess chooses where it is null; as large
 * as it `fits` the model, [height, width].
 * @typedef {From & { kind: "cut", box: number[] | null, whole: Coloured, picture: Coloured, fits: number[], unperturbed: Coloured | null, size: number[] }} CutStages
 */
/** @typedef {InkStages | CutStages} Stages */
/** `before`: what the unchanged model says. @typedef {import("./network.js").Seen & { problem: string | null, stages: Stages, before: number[] | null, description?: import("./network.js").Description }} Observed */

/** One product; `outside`: it lies over padding; `winner`: the maximum is this one. @typedef {{ cells: number[][], values: Told[], product: Told, outside: boolean, winner: boolean }} Term */
/** @typedef {{ group: number, subtotal: Told, count: number, rest: { count: number, sum: Told } | null, terms: Term[] }} Group */
/** Where the numbers of one factor come from. @typedef {{ argument: string, step: number, parent: number | null, gradient: boolean, parameter: string | null, learned: boolean }} Factor */
/** @typedef {{ label: string, rule: string, groupLabel: string, count: number, total: Told, factors: Factor[], groups: Group[] }} Addends */
/**
 * A cell's complete sum, compared with the tensor's element `shown`.
 * @typedef {{
 *   value: Told, shown: Told, difference: Told, tolerance: Told, agrees: boolean, reduction: string, reduced: Told, after: string,
 *   quantities: { name: string, value: Told }[], count: number, addends: Addends[], formulas: import("../formula/fill.js").Given[], pytorch: string,
 *   channel?: { parameters: string[], channel: number } | null,
 * }} Sum
 */
/** A row of the softmax behind a class. @typedef {{ name: string, logit: number, p: number, y: number, gradient: number }} ClassRow */
/** `logits`: the step that made them. @typedef {{ classes: ClassRow[], logits: number, label: number | null, loss: number | null }} Classes */
/** An element of a parameter. @typedef {{ parameter: string, element: Told }} Element */
/** What one map contributes to a sum: `cell`, the one of it whose term weighs most; `count`: how many terms read the map. @typedef {{ step: number, cell: number[], value: Told, count: number }} Contribution */
/** A value and what contributes to its sum; `rest`: of those that did not travel. @typedef {{ step: number, cell: number[], most: Contribution[], rest: { count: number, sum: Told } | null }} SourceLevel */
/** The ink as a value sees it, over the input; see `Why`. @typedef {Pick<Why, "rows" | "columns" | "block" | "values" | "sum" | "ink" | "note">} NumberInk */
/** For each map the kernel that weighs most, of the input channel `inputs`; `of`: how many a map has. @typedef {{ rows: number, columns: number, inputs: number[], of: number } & import("./network.js").Codes} Kernels */
/** What stands out in a layer; `zero`: channels that are all 0, of `channels`. @typedef {{ largest: { value: Told, cell: number[] } | null, zero: number[], channels: number, kernels: Kernels | null }} Layer */
/** With the row of classes behind a probability, or the element behind a parameter's gradient. @typedef {Sum & Partial<Classes> & Partial<Element> & { unexplained?: undefined }} Summed */
/** Why there is no sum. @typedef {{ unexplained: string, shown: Told, addends?: undefined } & Partial<Element>} Unexplained */
/** An element without a gradient. @typedef {Element & { shown?: undefined, addends?: undefined, unexplained?: undefined }} Plain */
/** `sends`: whether Arithmetic has the operator. @typedef {{ sends: boolean } & (Summed | Unexplained | Plain)} Explained */

/** An element as a case of the Arithmetic page; `walk`: its pass; `left`: products that did not travel. @typedef {{ op: string, settings: Record<string, import("./arithmetic.js").Setting>, tensors: Record<string, import("../arithmetic.js").Tensor>, walk: string, element: number, left: { count: number, sum: number } | null }} Sent */

/**
 * The map of one method; `note`: why it is missing or empty.
 * @typedef {{
 *   method: string, target: number | null, score?: number, baseline?: number, rows?: number, columns?: number, block?: number,
 *   values?: string, sum?: number, layer?: number, layers?: { index: number, op: string, path: string, places: number[] }[],
 *   ink: { rows: number, columns: number, data: string } | null, note: { reason: string, message: string } | null,
 * }} Why
 */

/** @typedef {{ title: string, problem: string | null, prediction: Prediction }} Side */
/** @typedef {{ index: number, op: string, path: string, shape: number[] }} Named */
/** Two steps that correspond; `largest`: |difference|, null where there is one step. @typedef {{ first: Named | null, second: Named | null, identical: boolean, largest: Told | null, relative: number, place: number[] }} Row */
/** Maps of both sides and of their difference. @typedef {{ map: import("./network.js").Layout, first: number, pages: import("./network.js").Codes[] }} ComparedMaps */
/** `chosen`: the row whose maps are drawn. @typedef {{ sides: Side[], rows: Row[], chosen: number | null, maps: ComparedMaps | null }} Comparison */

/** `run`: whose held-back pictures; "": MNIST's. @typedef {{ model: string, run: string, label: number | null, wrong: boolean, first: number, download: boolean }} BrowseRequest */
/** A page of pictures; `judged`: how many the model was asked about. @typedef {{ total: number, first: number, perPage: number, size: number, judged: number, indices: number[], labels: number[], guesses: number[] | null, classes: string[], side: number, channels: number, data: string }} Pictures */

/** Asks a function about what is on the pad: what else it asks for. @typedef {<N extends "explain" | "exact" | "arithmetic" | "pytorch_lines" | "why" | "sources" | "number_ink" | "layer">(name: N, more: Omit<Parameters<Server[N]>[0], keyof Drawing>) => Promise<import("../live.js").AnswerOf<Server[N]>>} Request */

/**
 * @typedef {{
 *   observe: Asked<ObserveRequest, Observed>,
 *   explain: Asked<AtPlace & { every?: boolean }, Explained>,
 *   exact: Asked<AtPlace, { shape: number[], data: string }>,
 *   arithmetic: Asked<AtPlace, Sent>,
 *   pytorch_lines: Asked<AtPlace, { lines: string }>,
 *   sources: Asked<AtPlace, { levels: SourceLevel[] }>,
 *   number_ink: Asked<AtPlace, NumberInk>,
 *   layer: Asked<AtPlace, Layer>,
 *   why: Asked<Drawing & { method: string, target: number | null, layer: number | null, over?: number | null }, Why>,
 *   compare: Asked<{ first: Drawing, second: Drawing, drawn: number[] | null }, Comparison>,
 *   browse: Asked<BrowseRequest, Pictures | import("../live.js").Lacking>,
 *   comparable: Asked<{}, { models: { name: string, title: string }[] }>,
 * }} Server
 */

export {};
