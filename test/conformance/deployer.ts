import { afterEach, describe, expect, it } from "vitest";
import type { Deployer } from "../../src/deploy/deployer.js";

export interface DeployerFixture {
  /** Bundles of two models that answer `record` differently. */
  readonly bundles: readonly [string, string];
  /** A bundle that cannot be served. */
  readonly broken: string;
  readonly record: unknown;
}

interface Answer {
  readonly probability: number;
  readonly model_name: string;
  readonly model_version: string;
}

/** What every Deployer must do. `make` returns a deployer with nothing on duty. */
export function deployerConformance(
  name: string,
  make: () => Deployer | Promise<Deployer>,
  fixture: () => DeployerFixture,
): void {
  describe(`Deployer: ${name}`, () => {
    const made: Deployer[] = [];
    const names = ["one", "two"];
    const fresh = async (): Promise<Deployer> => {
      const deployer = await make();
      made.push(deployer);
      return deployer;
    };
    afterEach(async () => {
      await Promise.all(made.splice(0).flatMap((deployer) => names.map((one) => deployer.remove(one))));
    });
    const ask = async (deployer: Deployer, endpoint = "one"): Promise<Answer> => {
      const current = await deployer.current(endpoint);
      if (!current) throw new Error(`nothing on duty under ${endpoint}`);
      const response = await fetch(`${current.url}/predict`, {
        method: "POST",
        body: JSON.stringify(fixture().record),
      });
      if (!response.ok) throw new Error(`${current.url} answered ${response.status} ${await response.text()}`);
      return (await response.json()) as Answer;
    };
    const request = (version: string, endpoint = "one") => ({
      name: endpoint,
      version,
      bundle: fixture().bundles[version === "1" ? 0 : 1],
    });

    it("begins empty", async () => {
      const deployer = await fresh();
      expect(await deployer.current("one")).toBeUndefined();
      expect(await deployer.current("__proto__")).toBeUndefined();
      await expect(deployer.remove("one")).resolves.toBeUndefined();
    });

    it("puts a model on duty, and says where", async () => {
      const deployer = await fresh();
      const deployment = await deployer.deploy(request("1"));
      expect(deployment).toEqual({ ...request("1"), url: expect.stringMatching(/^https?:\/\//) as unknown });
      expect(await deployer.current("one")).toEqual(deployment);
      expect(await ask(deployer)).toMatchObject({ model_name: "one", model_version: "1" });
      expect(((await (await fetch(`${deployment.url}/health`)).json()) as Answer).model_version).toBe("1");
    });

    it("keeps endpoints of different names apart", async () => {
      const deployer = await fresh();
      await Promise.all([deployer.deploy(request("1", "one")), deployer.deploy(request("2", "two"))]);
      const [one, two] = [await ask(deployer, "one"), await ask(deployer, "two")];
      expect([one.model_version, two.model_version]).toEqual(["1", "2"]);
      expect(one.probability).not.toBe(two.probability);
      await deployer.remove("one");
      expect(await deployer.current("one")).toBeUndefined();
      expect((await ask(deployer, "two")).model_version).toBe("2");
    });

    it("replaces a model without one failed request", async () => {
      const deployer = await fresh();
      await deployer.deploy(request("1"));
      const seen: string[] = [];
      const failures: unknown[] = [];
      let on = true;
      const clients = Array.from({ length: 4 }, async () => {
        while (on) {
          try {
            seen.push((await ask(deployer)).model_version);
          } catch (error) {
            failures.push(error);
          }
        }
      });
      for (const version of ["2", "1", "2"]) await deployer.deploy(request(version));
      // Clients go on for a while, so that the end of the former ones is among what they see.
      await new Promise((later) => setTimeout(later, 500));
      on = false;
      await Promise.all(clients);
      expect(failures).toEqual([]);
      expect(seen.length).toBeGreaterThan(20);
      expect([seen[0], seen.at(-1)]).toEqual(["1", "2"]);
      expect((await ask(deployer)).model_version).toBe("2");
    });

    it("keeps the former model on duty when the new one fails", async () => {
      const deployer = await fresh();
      const before = await deployer.deploy(request("1"));
      for (const bundle of [fixture().broken, `${fixture().broken}-that-is-missing`]) {
        await expect(deployer.deploy({ name: "one", version: "2", bundle })).rejects.toMatchObject({
          code: "DEPLOY_FAILED",
          message: expect.stringContaining(bundle) as unknown,
        });
        expect(await deployer.current("one")).toEqual(before);
        expect((await ask(deployer)).model_version).toBe("1");
      }
      await deployer.deploy(request("2"));
      expect((await ask(deployer)).model_version).toBe("2");
    });

    it("has nothing on duty when the first one fails", async () => {
      const deployer = await fresh();
      await expect(deployer.deploy({ name: "one", version: "1", bundle: fixture().broken })).rejects.toMatchObject({
        code: "DEPLOY_FAILED",
      });
      expect(await deployer.current("one")).toBeUndefined();
    });

    it("takes an endpoint down, and up again", async () => {
      const deployer = await fresh();
      const { url } = await deployer.deploy(request("1"));
      await deployer.remove("one");
      expect(await deployer.current("one")).toBeUndefined();
      const gone = await fetch(`${url}/health`).then(
        (response) => response.status >= 400,
        () => true,
      );
      expect(gone).toBe(true);
      await deployer.deploy(request("1"));
      expect((await ask(deployer)).model_version).toBe("1");
    });

    it("makes changes in the order they were asked for", async () => {
      const deployer = await fresh();
      const failing = expect(
        deployer.deploy({ name: "one", version: "3", bundle: fixture().broken }),
      ).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
      const first = deployer.deploy(request("1"));
      const removed = deployer.remove("one");
      const second = deployer.deploy(request("2"));
      await failing;
      expect((await first).version).toBe("1");
      await removed;
      expect((await second).version).toBe("2");
      expect((await deployer.current("one"))?.version).toBe("2");
    });

    it("takes names and versions as they are", async () => {
      const deployer = await fresh();
      const odd = `--port=80 "quoted" $HOME\\ é`;
      await deployer.deploy({ ...request("1"), version: odd });
      expect((await ask(deployer)).model_version).toBe(odd);
    });
  });
}
