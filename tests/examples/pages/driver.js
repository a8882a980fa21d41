// Runs one promise of a page: `node PAGE.js EXAMPLE BROWSER PROMISE`. EXAMPLE is the program that serves the page.
const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { createInterface } = require("node:readline");
const { setTimeout } = require("node:timers/promises");
const axe = require("axe-core");
const { chromium } = require("playwright-core");

const [example, executablePath, promise] = process.argv.slice(2);

// Before the test that runs this loses its patience, so that nothing is left running.
const DEADLINE = 90_000;

const SIZES = [{ width: 390, height: 844 }, { width: 844, height: 390 }];
const SCHEMES = ["light", "dark"];

class Server {
  address = "127.0.0.1:0";

  // The first time on a free port, and then on the same.
  async start() {
    this.process = spawn(example, [this.address], { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface(this.process.stdout)) {
      const listening = /listening on http:\/\/(\S+)/.exec(line);
      if (listening) {
        this.address = listening[1];
        this.process.stdout.resume();
        return;
      }
    }
    throw new Error("the example never listened");
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    const exited = once(this.process, "exit");
    this.process.kill("SIGTERM");
    assert.deepStrictEqual(await exited, [0, null]);
  }

  get url() { return `http://${this.address}/`; }
}

// Calls `look(page, where)` for a page of its own in each size and color scheme.
async function everywhere(browser, look) {
  for (const viewport of SIZES) {
    for (const colorScheme of SCHEMES) {
      const page = await browser.newPage({ viewport, colorScheme, reducedMotion: "reduce" });
      await look(page, `${viewport.width}x${viewport.height}, ${colorScheme}`);
      await page.close();
    }
  }
}

async function expectNoViolation(page, where) {
  await page.evaluate(axe.source);
  const options = { rules: { "target-size": { enabled: true } } };
  const { violations, incomplete } = await page.evaluate((options) => window.axe.run(document, options), options);
  // Contrasts that axe cannot tell are problems as well, but for lines that are scrolled out of sight.
  const isOutOfSight = ({ any }) => any[0].data.messageKey === "elmPartiallyObscured";
  const undecided = incomplete.filter(({ id, nodes }) => id === "color-contrast" && !nodes.every(isOutOfSight));
  const problems = [...violations, ...undecided].map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
  assert.deepStrictEqual(problems, [], where);
}

// All that can be used is wholly on the screen, and large enough for a finger.
async function expectControlsOnScreen(page, where) {
  const { width, height } = page.viewportSize();
  const controls = await page.locator("input:visible, button:visible").all();
  assert.notDeepStrictEqual(controls, []);
  for (const control of controls) {
    const box = await control.boundingBox();
    const at = `${where}: ${await control.evaluate((control) => control.outerHTML)} at ${JSON.stringify(box)}`;
    assert(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, at);
    assert(box.width >= 24 && box.height >= 24, at);
  }
  const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight);
  assert(!scrolls, `${where}: the page has to be scrolled`);
}

// With `SCREENSHOTS=folder` in the environment somebody can look at the pages.
async function expectUsable(page, where, name) {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}, ${where}.png` });
  await expectControlsOnScreen(page, where);
  await expectNoViolation(page, where);
}

async function expectStatus(page, words) {
  await page.locator("#status", { hasText: words }).waitFor({ state: "attached" });
}

async function expectFocus(page, id) {
  await page.waitForFunction((id) => document.activeElement.id === id, id);
}

async function say(page, text) {
  await page.fill("#text", text);
  await page.keyboard.press("Enter");
}

exports.run = async (promises) => {
  const server = new Server();
  let browser;
  const keep = async () => {
    await server.start();
    // A sandbox of its own does not work as root, nor in most containers.
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    await promises[promise]({ server, browser });
  };
  const deadline = setTimeout(DEADLINE, "too late", { ref: false });
  try {
    assert.notStrictEqual(await Promise.race([keep(), deadline]), "too late");
  } finally {
    await browser?.close();
    await server.stop();
  }
};
Object.assign(exports, { everywhere, expectUsable, expectStatus, expectFocus, say });
