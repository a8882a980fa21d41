const { run, everywhere, expectUsable, expectStatus, expectFocus, say } = require("./driver.js");

async function open(page, server) {
  await page.goto(server.url);
  await heard(page, "receivedConnected to ws");
}

function heard(page, line) {
  return page.locator("#frames p", { hasText: line }).waitFor();
}

run({
  async fits({ server, browser }) {
    await everywhere(browser, async (page, where) => {
      await open(page, server);
      await expectStatus(page, "Connected");
      for (let number = 0; number < 30; number++) await say(page, `message ${number}`);
      await heard(page, "you said message 29");
      await expectFocus(page, "text");
      await expectUsable(page, where, "web_socket");
    });
  },

  async two_tabs({ server, browser }) {
    const [one, other] = [await browser.newPage(), await browser.newPage()];
    for (const page of [one, other]) await open(page, server);
    await say(one, "<b>hi</b>");
    await heard(one, "you said <b>hi</b>");
    await heard(other, "somebody says <b>hi</b>");
  },

  async reconnects({ server, browser }) {
    const page = await browser.newPage();
    await open(page, server);
    await page.fill("#text", "unsent");
    await server.stop();
    await expectStatus(page, "Not connected: the server shuts down. Next try in 1 s");
    await expectStatus(page, /Next try in [23] s/);
    await page.keyboard.press("Enter");
    await expectFocus(page, "text");
    await server.start();
    await expectStatus(page, /^Connected$/);
    await page.keyboard.press("Enter");
    await heard(page, "you said unsent");
  },
});
