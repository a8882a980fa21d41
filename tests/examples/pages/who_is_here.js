const { run, everywhere, expectUsable, expectStatus, expectFocus } = require("./driver.js");

async function enter(page, server, name) {
  await page.goto(server.url);
  await page.fill("#name", name);
  await page.keyboard.press("Enter");
  await person(page, `${name} (you)`);
}

// Waits until the list has this line, which begins with a name.
function person(page, line) {
  return page.locator("#people li", { hasText: line }).waitFor();
}

function news(page, line) {
  return page.locator("#news p", { hasText: line }).waitFor();
}

run({
  async fits({ server, browser }) {
    await everywhere(browser, async (page, where) => {
      await page.goto(server.url);
      await expectFocus(page, "name");
      await expectUsable(page, where, "who_is_here, door");
      const other = await browser.newPage();
      await enter(page, server, "Alfred");
      await enter(other, server, "Robin of the long name");
      await person(page, "Robin of the long name");
      await expectUsable(page, where, "who_is_here, hall");
      await other.close();
    });
  },

  async people_and_tabs({ server, browser }) {
    const [robin, alfred, tab] = [await browser.newPage(), await browser.newPage(), await browser.newPage()];
    await enter(robin, server, "Robin");
    await enter(alfred, server, "<b>Alfred</b>");
    await enter(tab, server, "<b>Alfred</b>");
    await news(robin, "<b>Alfred</b> is here");
    await person(robin, /^<b>Alfred<\/b>2 tabs$/);
    await robin.locator("#count", { hasText: "2 people" }).waitFor();
    await tab.close();
    await person(robin, /^<b>Alfred<\/b>1 tab$/);
    await alfred.click("#leave");
    await expectFocus(alfred, "name");
    await news(robin, "<b>Alfred</b> has left");
    await robin.locator("#count", { hasText: "only you" }).waitFor();
  },

  async idle({ server, browser }) {
    const [robin, alfred] = [await browser.newPage(), await browser.newPage()];
    await alfred.clock.install();
    await enter(robin, server, "Robin");
    await enter(alfred, server, "Alfred");
    await person(robin, /^Alfred1 tab$/);
    await alfred.clock.fastForward(61_000);
    await person(robin, /^Alfred1 tabidle$/);
    await alfred.mouse.move(10, 10);
    await person(robin, /^Alfred1 tab$/);
  },

  async reconnects({ server, browser }) {
    const page = await browser.newPage();
    await enter(page, server, "Robin");
    await server.stop();
    await expectStatus(page, "Not connected: the server shuts down. Next try in 1 s");
    await server.start();
    await expectStatus(page, /^$/);
    // The news of before have stayed.
    await page.locator("#news p", { hasText: "Robin is here" }).nth(1).waitFor();
    await person(page, "Robin (you)");
  },
});
