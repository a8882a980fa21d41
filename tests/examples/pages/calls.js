const { run, everywhere, expectUsable, expectStatus } = require("./driver.js");

async function open(page, server) {
  await page.goto(server.url);
  await expectStatus(page, "Connected");
}

function shown(page, line) {
  return page.locator("#log p", { hasText: line }).waitFor();
}

function press(page, button) {
  return page.getByRole("button", { name: button, exact: true }).click();
}

run({
  async fits({ server, browser }) {
    await everywhere(browser, async (page, where) => {
      await open(page, server);
      for (let count = 1; count <= 30; count++) await press(page, "count");
      await shown(page, "count → 30");
      await press(page, "a wrong name");
      await shown(page, "error -32601");
      await expectUsable(page, where, "calls");
    });
  },

  async calls({ server, browser }) {
    const [one, other] = [await browser.newPage(), await browser.newPage()];
    for (const page of [one, other]) await open(page, server);
    await press(one, "divide");
    await shown(one, 'divide → {"quotient":3,"remainder":1}');
    await one.fill("[name=divisor]", "0");
    await press(one, "divide");
    await shown(one, "divide → error 1: cannot divide by that [7,0]");
    await one.fill("[data-method=parse] input", "no number");
    await press(one, "parse");
    await shown(one, "parse → error -32603: Internal error");
    await one.fill("[data-method=say] input", "<b>hi</b>");
    await press(one, "say");
    await shown(one, "say → 1");
    await shown(other, "said: <b>hi</b>");
  },

  async reconnects({ server, browser }) {
    const page = await browser.newPage();
    await open(page, server);
    await server.stop();
    await expectStatus(page, /Next try in [1-9]/);
    await press(page, "count");
    await shown(page, "not connected");
    await server.start();
    await expectStatus(page, /^Connected$/);
    await press(page, "count");
    await shown(page, "count → 1");
  },
});
