const assert = require("node:assert");
const { run, everywhere, expectUsable, expectStatus, expectFocus, say } = require("./driver.js");

async function join(page, server, name, room) {
  await page.goto(`${server.url}#${room}`);
  await page.fill("#name", name);
  await page.keyboard.press("Enter");
}

async function enter(page, server, name, room) {
  await join(page, server, name, room);
  await page.locator("#room").waitFor();
  await expectFocus(page, "text");
}

function heard(page, line) {
  return page.locator("#said p", { hasText: line }).waitFor();
}

// The least contrast that a name has with what is behind it, whatever its color, by the formula of WCAG 2.
function leastContrast() {
  const name = document.querySelector("#said b");
  const context = document.createElement("canvas").getContext("2d");
  const luminance = (color) => {
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = luminance(getComputedStyle(name.parentElement).backgroundColor);
  const contrasts = Array.from({ length: 360 }, (_, hue) => {
    name.style.setProperty("--hue", hue);
    const [dark, light] = [luminance(getComputedStyle(name).color), behind].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  });
  return Math.min(...contrasts);
}

run({
  async fits({ server, browser }) {
    await everywhere(browser, async (page, where) => {
      await page.goto(server.url);
      await expectFocus(page, "name");
      await expectUsable(page, where, "chat, door");
      const other = await browser.newPage();
      await enter(other, server, "Robin", "cave");
      await enter(page, server, "Alfred", "cave");
      await say(page, "Good evening");
      await say(other, "Good evening. ".repeat(10));
      await heard(page, "Robin");
      await expectUsable(page, where, "chat, room");
      await other.close();
    });
  },

  async names({ server, browser }) {
    await everywhere(browser, async (page, where) => {
      const other = await browser.newPage();
      await enter(page, server, "Alfred", "cave");
      await enter(other, server, "Robin", "cave");
      await say(other, "hi");
      await heard(page, "hi");
      const contrast = await page.evaluate(leastContrast);
      assert(contrast >= 4.5, `${where}: ${contrast}`);
      await other.close();
    });
  },

  async two_people({ server, browser }) {
    const [robin, alfred] = [await browser.newPage(), await browser.newPage()];
    await enter(robin, server, "Robin", "cave");
    await enter(alfred, server, "Alfred", "cave");
    await heard(robin, "Alfred joined");
    await robin.locator("#people", { hasText: "2 people" }).waitFor();
    await say(robin, "<b>hi</b>");
    for (const page of [robin, alfred]) await heard(page, "<b>hi</b>");
    await alfred.click("#leave");
    await heard(robin, "Alfred left");
    await expectFocus(alfred, "name");
  },

  async bad_room({ server, browser }) {
    await everywhere(browser, async (page, where) => {
      await join(page, server, "Robin", "x".repeat(25));
      await expectStatus(page, "400: the room has 1 to 24 characters");
      await expectUsable(page, where, "chat, refused");
      await page.fill("#which", "cave");
      await page.keyboard.press("Enter");
      await heard(page, "You are the first here");
      await expectStatus(page, /^$/);
    });
  },

  async reconnects({ server, browser }) {
    const page = await browser.newPage({ reducedMotion: "reduce" });
    await enter(page, server, "Robin", "cave");
    await say(page, "before");
    await heard(page, "before");
    await page.fill("#text", "after");
    await server.stop();
    await expectStatus(page, "Not connected: the server shuts down. Next try in 1 s");
    await expectStatus(page, /Next try in [23] s/);
    await page.keyboard.press("Enter");
    await expectFocus(page, "text");
    await expectUsable(page, "as it is", "chat, stopped");
    await server.start();
    await heard(page, "You are back");
    await expectStatus(page, /^$/);
    await expectFocus(page, "text");
    await page.keyboard.press("Enter");
    for (const line of ["before", "after"]) await heard(page, line);
  },

  async motion({ server, browser }) {
    const moves = async (reducedMotion) => {
      const page = await browser.newPage({ reducedMotion });
      await enter(page, server, "Robin", "cave");
      const animation = await page.locator("#said p").first().evaluate((line) => getComputedStyle(line).animationName);
      await page.close();
      return animation;
    };
    assert.strictEqual(await moves("reduce"), "none");
    assert.notStrictEqual(await moves("no-preference"), "none");
  },
});
