import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST, INITIAL, withAdded, withKernel, withPreset, withSize } from "../../explorer/web/lib/kernels_state.js";
import { readChain, writeChain } from "../../explorer/web/lib/chain_link.js";
import { PRESETS } from "../../explorer/web/lib/kernels.js";
import { readLink, writeLink } from "../../explorer/web/lib/link.js";

const own = withKernel(FIRST, { rows: 2, columns: 3, values: [1 / 3, -2.5e-7, 0, 1e21, -0.1, 7] });

test("a chain comes back exactly, whatever is set", () => {
  const chains = [
    INITIAL,
    { channels: "grey", stages: [own, { ...own, learned: "block_1.conv*!.weight[3, 0]" }] },
    {
      channels: "rgb",
      stages: [
        {
          ...FIRST,
          on: false,
          flip: true,
          normalise: true,
          bias: -12.5,
          stride: [2, 16],
          dilation: [3, 1],
          padding: [0, 64],
          mode: "circular",
          show: "signed",
          pass: "clamp",
        },
      ],
    },
    {
      channels: "rgb",
      stages: Object.keys(PRESETS)
        .slice(0, 8)
        .map((name) => withPreset({ ...FIRST, padding: "valid" }, name)),
    },
    withAdded(INITIAL, 0, {
      ...withSize(withPreset(FIRST, "gabor"), 11, 7),
      shape: { sigma: 2, wavelength: 5, angle: 45 },
    }),
  ];
  for (const chain of chains) {
    const again = readChain(writeChain(chain));
    assert.deepEqual(again.channels, chain.channels);
    again.stages.forEach((stage, k) => {
      const { shape, ...rest } = chain.stages[k];
      assert.deepEqual({ ...stage, shape: null }, { ...rest, shape: null });
      if (rest.preset)
        for (const key of Object.keys(PRESETS[rest.preset].shape)) assert.equal(stage.shape[key], shape[key]);
    });
    assert.deepEqual(readLink(writeLink({ kernelChain: chain })), { state: { kernelChain: again }, ignored: [] });
  }
});

test("what the page would not accept is not read", () => {
  const broken = [
    "",
    "grey",
    "nothing_3x3",
    "own_3x3",
    "own_2x2_v1_2_3",
    "own_2x2_v1_2_3_x",
    "own_16x1_v1",
    "own_0x1_v",
    "emboss_1x1",
    "emboss_3x3_s0x1",
    "emboss_3x3_s17x1",
    "emboss_3x3_p65x0",
    "emboss_3x3_mwrap",
    "emboss_3x3_asfilm",
    "emboss_3x3_todust",
    "emboss_3x3_bNaN",
    "emboss_3x3_q",
    "gaussian_5x5_sigma99",
    "toString_3x3",
    Array(9).fill("box_3x3").join("*"),
    "emboss_3x3_v1_2_3_4_5_6_7_8_9",
  ];
  for (const text of broken) assert.throws(() => readChain(text), undefined, text);
  const { state, ignored } = readLink("#kernels=emboss_9&picture=attic&kernel=1&pixel=3.4&colour=red");
  assert.deepEqual(state, { kernelStage: 1, kernelPixel: "3.4" });
  assert.deepEqual(ignored, ["kernels", "picture", "colour"]);
});

test("pictures are named where they can travel, and said where they cannot", () => {
  for (const name of ["shapes", "drawing", "map.-1.0", "map.12.63", "upload", "webcam"])
    assert.equal(readLink(writeLink({ kernelPicture: name })).state.kernelPicture, name);
  assert.equal(writeLink({ kernelPicture: "landscape" }), "#");
});
