// A person with a browser, their GnuPG and a terminal, before the pages behind a real proxy: node browser.mjs WORLD.json
//
// WORLD.json says where everything is (tests/interop/browser_test.cpp writes it). A line for each story that was true; the
// first that is not ends the run with what was seen.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const world = JSON.parse(readFileSync(process.argv[2], "utf8"));
const auth = "https://auth.example.org";
const app = "https://app.example.org";
const wanted = `${app}/page?a=b%20c&d=e`;
const sessionCookie = "__Secure-countersign";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// curl of the printed command finds the proxy, and takes its certificate.
mkdirSync(world.curl, { recursive: true });
writeFileSync(`${world.curl}/.curlrc`, `connect-to = "auth.example.org:443:127.0.0.1:${world.port}"\ninsecure\n`);
const environment = { ...process.env, GNUPGHOME: world.gnupg, CURL_HOME: world.curl, LC_ALL: "C.UTF-8" };
delete environment.http_proxy;
delete environment.https_proxy;

// gpg -d ends with 2, behind what it opened, where it does not know the server's key.
const gpg = (args, input) => spawnSync("gpg", ["--batch", ...args], { input, env: environment }).stdout;
const answerOf = (challenge) => gpg(["--clearsign"], gpg(["-qd"], challenge)).toString();
const administer = (...args) => execFileSync(world.program, [...args, "--data", world.data], { env: environment, stdio: "pipe" });
const terminal = (command) => spawnSync("bash", ["-c", command], { env: environment }).stdout.toString();

let scripts = true;  // of the pages run
let server;
async function serve() {
  server = spawn(world.program, ["serve", "--listen", `127.0.0.1:${world.server}`, "--trusted-proxy", "127.0.0.1/32", "--data", world.data],
    { env: environment, stdio: "ignore" });
  for (let tries = 0; tries < 600; ++tries) {
    const ready = await fetch(`http://127.0.0.1:${world.server}/readyz`).catch(() => undefined);
    if (ready?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the server never came up");
}
async function restart() {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await ended;
  await serve();
}

const browser = await chromium.launch({
  executablePath: world.chromium,
  args: [`--host-resolver-rules=MAP * 127.0.0.1:${world.port}`, "--ignore-certificate-errors", "--no-sandbox", "--disable-dev-shm-usage"],
});

// Whatever a page says against us on its console is a fault, but for those that a story expects.
const faults = [];
async function open(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 880, height: 700 }, ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("dialog", (dialog) => { faults.push(`${page.url()}: a dialog`); dialog.dismiss(); });
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`);
  });
  return { context, page };
}

async function isAccessible(page, where) {
  if (!scripts) return;  // axe-core is one
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run({ preload: false }));
    assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), [], `axe-core on ${where}, ${colorScheme}`);
    if (world.pictures) {
      mkdirSync(world.pictures, { recursive: true });
      await page.screenshot({ path: `${world.pictures}/${where}-${colorScheme}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

// Nothing is cut off on a phone.
async function fitsAPhone(page, where) {
  const desk = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 640 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${where} is ${width} wide on a phone`);
  await page.setViewportSize(desk);
}

async function beginAt(page, address, username = "alice") {
  await page.goto(address);
  assert.match(page.url(), /^https:\/\/auth\.example\.org\/login/);
  await page.fill("#username", username);
  await page.press("#username", "Enter");
  await page.waitForSelector("#challenge");
}
const challengeOf = (page) => page.inputValue("#challenge");
const isLoggedIn = async (page, address, username = "alice") => {
  await page.waitForURL(address);
  const seen = (await page.textContent("body")).toLowerCase();
  assert.match(seen, new RegExp(`remote-user: ${username}\\r?\\n`));
  assert.ok(!seen.includes("countersign=") && !seen.includes("authorization:"), "the application sees a token");
};
async function logInByPasting(page, address = wanted) {
  await beginAt(page, address);
  await page.fill("#response", answerOf(await challengeOf(page)));
  await page.click("form[action='/login/answer'] button:text('Log in')");
  await isLoggedIn(page, address);
}
const cookieOf = async (context) => (await context.cookies()).find((one) => one.name === sessionCookie);

const stories = {
  async "who opens a page logs in by pasting, lands there, sees the account and logs out"({ context, page }) {
    await page.goto(wanted);
    await isAccessible(page, "login");
    await beginAt(page, wanted);
    await isAccessible(page, "challenge");
    await fitsAPhone(page, "challenge");
    await page.fill("#response", "not a response");
    await page.click("form[action='/login/answer'] button:text('Log in')");
    await page.waitForSelector("[role=alert]");
    await isAccessible(page, "refused");
    await logInByPasting(page);
    const cookie = await cookieOf(context);
    assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === "Lax", "the cookie's attributes");
    assert.equal(cookie.domain, ".example.org");
    assert.ok(!(await context.cookies()).some((one) => one.name.endsWith("-attempt")), "the attempt's cookie ended");
    await page.goto(`${auth}/`);
    assert.equal(page.url(), `${auth}/account`);
    await isAccessible(page, "account");
    await fitsAPhone(page, "account");
    assert.match(await page.textContent("main"), /alice/);
    await page.click("text=Log out");
    await page.waitForURL(`${auth}/login`);
    assert.equal(await cookieOf(context), undefined);
    await page.goto(wanted);
    assert.match(page.url(), /\/login\?return=/);
  },
  async "the printed command gives a code that logs in"({ page }) {
    await beginAt(page, wanted);
    const command = await page.textContent("#command code");
    const browserLine = /127\.0\.0\.1, Chrome on Linux/;
    assert.match(await page.textContent("main"), browserLine);
    assert.match(terminal(command.split(" | ").slice(0, 2).join(" | ")), /\ntransport: browser\nbrowser: 127\.0\.0\.1, Chrome on Linux\n$/);
    const code = terminal(command).trim();
    assert.match(code, /^[0-9]{8}$/);
    await page.fill("#code", code);
    await page.press("#code", "Enter");
    await isLoggedIn(page, wanted);
  },
  async "a password logs in, by its button and by Enter"({ context, page }) {
    for (const send of [() => page.click("text=Log in with the password"), () => page.press("#password", "Enter")]) {
      await context.clearCookies();
      await page.goto(wanted);
      await page.fill("#username", "carol");
      await page.fill("#password", "wrong");
      await send();
      await page.waitForSelector("[role=alert]");
      assert.equal(await page.inputValue("#password"), "");
      await page.fill("#password", "correct horse");
      await send();
      await isLoggedIn(page, wanted, "carol");
    }
  },
  async "who is in none of the groups is told so, and is not logged out"({ page }) {
    await page.goto(wanted);
    await page.fill("#username", "dave");
    await page.fill("#password", "correct horse");
    await page.press("#password", "Enter");
    await page.waitForURL(wanted);
    assert.match(await page.textContent("body"), world.denial === "ours" ? /in none of the groups/ : /403/);
    if (world.denial === "ours") {
      await isAccessible(page, "denied");
      assert.notEqual(await page.evaluate(() => getComputedStyle(document.querySelector("main")).maxWidth), "none", "no style");
    }
    await page.goto(`${auth}/account`);
    assert.equal(page.url(), `${auth}/account`);
  },
  async "after the session's end one lands where one wanted to go"({ page }) {
    await logInByPasting(page);
    administer("session", "end", "alice", "--all");
    await logInByPasting(page, `${app}/other?x=y`);
  },
  async "the keyboard alone is enough"({ page }) {
    await page.goto(wanted);
    await page.keyboard.type("alice");  // the field has the focus
    await page.keyboard.press("Enter");
    await page.waitForSelector("#challenge");
    const code = terminal(await page.textContent("#command code")).trim();
    for (let presses = 0; presses < 10; ++presses) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.id) === "code") break;
    }
    await page.keyboard.type(code);
    await page.keyboard.press("Enter");
    await isLoggedIn(page, wanted);
    await page.goto(`${auth}/account`);
    for (let presses = 0; presses < 20; ++presses) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.textContent) === "Log out") break;
    }
    await page.keyboard.press("Enter");
    await page.waitForURL(`${auth}/login`);
  },
  async "a session is ended from another browser's account page"({ page }) {
    await logInByPasting(page);
    const other = await open();
    await logInByPasting(other.page);
    await other.page.goto(`${auth}/account`);
    // Those of the stories before, too.
    const rows = other.page.locator("li", { hasNotText: "this one" });
    for (let left = await rows.count(); left > 0; --left) {
      const sent = other.page.waitForResponse((one) => one.url().endsWith("/end"));
      await rows.first().getByRole("button").click();
      await sent;
      await other.page.waitForURL(`${auth}/account`);
      await other.page.waitForFunction((most) => document.querySelectorAll("li").length <= most, left);
    }
    await page.goto(wanted);
    assert.match(page.url(), /\/login/);
    await other.page.goto(wanted);
    await isLoggedIn(other.page, wanted);
    await other.context.close();
  },
  async "what is copied and pasted by the buttons is what is shown, and the time runs"({ context, page }) {
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: auth });
    await beginAt(page, wanted);
    const copied = async () => page.evaluate(() => navigator.clipboard.readText());
    await page.click("#command + button");
    assert.equal(await copied(), await page.textContent("#command"));
    await page.click("#challenge + button");
    const challenge = await copied();
    assert.equal(challenge, await challengeOf(page));
    assert.match(await page.textContent("time"), /^in [0-9]:[0-9]{2} minutes$/);
    await page.evaluate((text) => navigator.clipboard.writeText(text), answerOf(challenge));
    await page.click("#response + button");
    await page.click("form[action='/login/answer'] button:text('Log in')");
    await isLoggedIn(page, wanted);
  },
  async "a challenge that was kept over a restart is good"({ page }) {
    await beginAt(page, wanted);
    const answer = answerOf(await challengeOf(page));
    await restart();
    await page.fill("#response", answer);
    await page.click("form[action='/login/answer'] button:text('Log in')");
    await isLoggedIn(page, wanted);
  },
  async "attack: an address elsewhere is not returned to"({ page }) {
    for (const elsewhere of ["https://evil.test/", "//evil.test/", "/\\evil.test/", "https://app.example.org@evil.test/",
      "https://evil.test/app.example.org", "javascript:alert(1)", "https://app.example.org.evil.test/"]) {
      await page.goto(`${auth}/login?return=${encodeURIComponent(elsewhere)}`);
      await page.fill("#username", "carol");
      await page.fill("#password", "correct horse");
      await page.press("#password", "Enter");
      await page.waitForURL(`${auth}/account`);
    }
  },
  async "attack: another site's form changes nothing, with cookies or without"({ context, page }) {
    await logInByPasting(page);
    const cookie = await cookieOf(context);
    await page.goto(`${auth}/account`);
    const token = await page.getAttribute("form[action='/logout'] input", "value");
    const evil = await context.newPage();
    for (const [action, fields] of [["/logout", { token }], ["/login", { username: "carol" }],
      ["/login/password", { username: "carol", password: "correct horse" }], ["/login/answer", { attempt: "x", response: "y" }],
      ["/login/code-entry", { attempt: "x", code: "12345678" }]]) {
      await context.route("https://evil.test/**", (route) => route.fulfill({
        contentType: "text/html",
        body: `<form method="post" action="${auth}${action}">${Object.entries(fields)
          .map(([name, value]) => `<input name="${name}" value="${value}">`).join("")}<button>Win</button></form>`,
      }));
      await evil.goto("https://evil.test/");
      const [answer] = await Promise.all([evil.waitForResponse((one) => one.url() === auth + action), evil.click("button")]);
      assert.equal(answer.status(), 403, action);
      await context.unroute("https://evil.test/**");
      assert.equal((await cookieOf(context)).value, cookie.value);
    }
    await page.goto(wanted);
    await isLoggedIn(page, wanted);
  },
  async "attack: a session that was planted is not gone on with"({ context, page }) {
    const thief = await open();
    await thief.page.goto(`${auth}/login`);
    await thief.page.fill("#username", "carol");
    await thief.page.fill("#password", "correct horse");
    await thief.page.press("#password", "Enter");
    await thief.page.waitForURL(`${auth}/account`);
    const planted = await cookieOf(thief.context);
    await context.addCookies([planted]);
    await page.goto(`${auth}/login`);
    await page.fill("#username", "alice");
    await page.press("#username", "Enter");
    await page.fill("#response", answerOf(await challengeOf(page)));
    await page.click("form[action='/login/answer'] button:text('Log in')");
    await page.waitForURL(`${auth}/account`);
    assert.notEqual((await cookieOf(context)).value, planted.value);
    await thief.page.goto(wanted);
    assert.match(thief.page.url(), /\/login/, "the planted session ended");
    await thief.context.close();
  },
  async "attack: the pages stand in nobody's frame"({ context, page }) {
    await context.route("https://evil.test/**", (route) => route.fulfill({
      contentType: "text/html", body: `<iframe src="${auth}/login" width="500" height="500"></iframe>`,
    }));
    await page.goto("https://evil.test/");
    const framed = page.frames().find((one) => one !== page.mainFrame());
    for (let tries = 0; tries < 100 && !framed.url().startsWith("chrome-error"); ++tries) await page.waitForTimeout(50);
    assert.match(framed.url(), /^chrome-error:/, "the frame shows the page");
    faults.length = 0;  // chromium says on the console that it refused
  },
  async "attack: script in a name or an address is text"({ page }) {
    for (const script of ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus=alert(1) autofocus='"]) {
      await page.goto(`${auth}/login?return=${encodeURIComponent("/" + script)}`);
      await page.fill("#username", script);
      await page.press("#username", "Enter");
      await page.waitForSelector("h1");
      await page.waitForTimeout(50);
    }
  },
  async "attack: a code is guessed three times at most"({ page }) {
    await beginAt(page, wanted);
    const code = terminal(await page.textContent("#command code")).trim();
    const wrong = code === "12345678" ? "87654321" : "12345678";
    for (const guess of [wrong, wrong, wrong, code]) {
      await page.fill("#code", guess);
      const [answer] = await Promise.all([page.waitForResponse(`${auth}/login/code-entry`), page.press("#code", "Enter")]);
      assert.equal(answer.status(), 401);
      await page.waitForSelector("[role=alert]");
    }
  },
};

// Once more where scripts do not run.
const withoutScript = ["who opens a page logs in by pasting, lands there, sees the account and logs out",
  "the printed command gives a code that logs in", "a password logs in, by its button and by Enter"];

try {
  await serve();
  for (const [name, story] of Object.entries(stories)) {
    if (world.stories && !world.stories.some((part) => name.includes(part))) continue;
    for (const javaScriptEnabled of withoutScript.includes(name) ? [true, false] : [true]) {
      scripts = javaScriptEnabled;
      const opened = await open({ javaScriptEnabled });
      try {
        await story(opened);
        assert.deepEqual(faults, []);
      } catch (error) {
        console.error(`${name}${javaScriptEnabled ? "" : ", without scripts"}, at ${opened.page.url()}:\n${error.stack}`);
        console.error(await opened.page.textContent("body").catch(() => ""));
        process.exitCode = 1;
      }
      await opened.context.close();
      if (process.exitCode) break;
      console.log(`${name}${javaScriptEnabled ? "" : ", without scripts"}`);
    }
    if (process.exitCode) break;
  }
} finally {
  await browser.close();
  server?.kill("SIGTERM");
}
