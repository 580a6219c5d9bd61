import { afterEach, describe, expect, it } from "vitest";
import type { Shares, Traffic } from "../../src/deploy/rollout/ports.js";

/** An endpoint where the stable version has everything and the candidate could take some. */
export interface TrafficFixture {
  readonly traffic: Traffic;
  readonly stable: string;
  readonly candidate: string;
  /** Sets shares behind the driver's back, as somebody does by hand. */
  readonly edit: (shares: Shares) => unknown;
  /** Takes the candidate down; left out where that cannot be done. */
  readonly break?: () => unknown;
  /** Shares of the versions among answers to requests; left out where nothing answers. */
  readonly answered?: () => Promise<Shares>;
  readonly close?: () => unknown;
}

/** What every Traffic must do. `make` returns a fresh endpoint. */
export function trafficConformance(name: string, make: () => Promise<TrafficFixture> | TrafficFixture): void {
  describe(`Traffic: ${name}`, () => {
    const made: TrafficFixture[] = [];
    const fresh = async (): Promise<TrafficFixture> => {
      const fixture = await make();
      made.push(fixture);
      return fixture;
    };
    afterEach(async () => {
      for (const { close } of made.splice(0)) await close?.();
    });

    /** Expects the candidate's share, also among answers if they are asked for, and the stable version to have the rest. */
    const expectShare = async (
      { traffic, stable, candidate, answered }: TrafficFixture,
      share: number,
      asked = false,
    ): Promise<void> => {
      const shares = await traffic.read();
      expect(shares[candidate] ?? 0).toBeCloseTo(share, 3);
      expect(shares[stable] ?? 0).toBeCloseTo(1 - share, 3);
      expect(Object.values(shares).reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 6);
      if (!asked || answered === undefined) return;
      const seen = await answered();
      expect(Math.abs((seen[candidate] ?? 0) - share)).toBeLessThan(share === 0 || share === 1 ? 1e-9 : 0.2);
    };

    it("begins with the stable version", async () => {
      await expectShare(await fresh(), 0);
    });

    it("gives the candidate any share, and the same one twice", async () => {
      const fixture = await fresh();
      for (const share of [0.1, 0.1, 0.5, 1, 0.25, 0]) {
        await fixture.traffic.set(share);
        await expectShare(fixture, share, share >= 0.5);
      }
    });

    it.each([-0.1, 1.1, NaN])("refuses the share %d and keeps the former one", async (share) => {
      const fixture = await fresh();
      await fixture.traffic.set(0.5);
      await expect(fixture.traffic.set(share)).rejects.toThrow();
      await expectShare(fixture, 0.5);
    });

    it.each([
      ["stable", 0],
      ["candidate", 1],
    ] as const)("ends with the %s version from any shares, and again", async (winner, share) => {
      for (const before of [0, 0.5, 1]) {
        const fixture = await fresh();
        await fixture.traffic.set(before);
        await fixture.traffic.end(winner);
        await expectShare(fixture, share, true);
        await fixture.traffic.end(winner);
        await expectShare(fixture, share);
      }
    });

    it("shows shares that somebody else set, and replaces them", async () => {
      const fixture = await fresh();
      const { traffic, stable, candidate } = fixture;
      await traffic.set(0.1);
      await fixture.edit({ [stable]: 0.3, [candidate]: 0.7 });
      await expectShare(fixture, 0.7);
      await traffic.set(0.1);
      await expectShare(fixture, 0.1);
      await fixture.edit({ [stable]: 0.3, [candidate]: 0.7 });
      await traffic.end("stable");
      await expectShare(fixture, 0);
    });

    it("gives nothing to a candidate that is down, and returns to the stable version", async () => {
      const fixture = await fresh();
      const { traffic } = fixture;
      if (fixture.break === undefined) return;
      await fixture.break();
      await expect(traffic.set(0.5)).rejects.toThrow();
      await expect(traffic.end("candidate")).rejects.toThrow();
      await traffic.end("stable");
      await expectShare(fixture, 0);
    });

    it("copies requests, if it can, without a change of the shares", async () => {
      const fixture = await fresh();
      if (fixture.traffic.mirror === undefined) return;
      await fixture.traffic.mirror();
      await fixture.traffic.mirror();
      await expectShare(fixture, 0);
      await fixture.traffic.end("stable");
      await expectShare(fixture, 0);
    });
  });
}
