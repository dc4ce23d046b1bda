import { describe, expect, it } from "vitest";
import { Channels } from "../../../js/src/activations/maps/channels.js";
import { channelBoxes } from "../../../js/src/activations/panels/channel-boxes.js";
import { captured } from "./panel-fixture.js";

describe("boxes of channels", () => {
  it("are one for each channel in the order given, no wider than its values reach", async () => {
    const channels = new Channels(await captured(), 1);
    const [first, second] = channelBoxes(channels, [1, 0, 2], 10);
    expect(first).toMatchObject({ min: 0, max: 0, dead: true, outlier: false });
    // Mean 2 and std 3 of values from 0 to 4.
    expect(second).toMatchObject({ min: 0, max: 4, low: 0, high: 4, mean: 2, dead: false });
  });

  it("are shared where there is no room for all", async () => {
    const channels = new Channels(await captured(), 0);
    const boxes = channelBoxes(channels, [0, 1, 2], 2);
    expect(boxes.map(({ first, stop }) => [first, stop])).toEqual([
      [0, 1],
      [1, 3],
    ]);
    expect(boxes[1]).toMatchObject({ min: -1, max: 2, low: -0.5, high: 0.75, mean: 0.25 });
    expect(boxes.map(({ outlier }) => outlier)).toEqual([true, false]);
  });
});
