// node shot.mjs FILE.html OUT.png [--dark] [--phone] [--print] [--full] [--hash=ID]: a picture of the report (--print: OUT.pdf).
import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const args = process.argv.slice(2);
const [file, out] = args.filter((arg) => !arg.startsWith("--"));
if (!file || !out) {
  console.error("usage: node shot.mjs FILE.html OUT.png [--dark] [--phone] [--print] [--full] [--hash=ID]");
  process.exit(2);
}
const has = (flag) => args.includes(`--${flag}`);
const hash = args.find((arg) => arg.startsWith("--hash="))?.slice(7);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({
    viewport: has("phone") ? { width: 390, height: 844 } : { width: 1280, height: 900 },
    deviceScaleFactor: has("phone") ? 2 : 1,
    colorScheme: has("dark") ? "dark" : "light",
  });
  await page.goto(pathToFileURL(resolve(file)).href + (hash ? `#${hash}` : ""));
  await page.waitForTimeout(200);
  if (has("print")) await page.pdf({ path: out, format: "A4" });
  else {
    // What is out of sight is not painted (content-visibility), so a full picture needs a tall window.
    for (let pass = 0; has("full") && pass < 4; pass++) {
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width: page.viewportSize().width, height: Math.min(height, 16000) });
      await page.waitForTimeout(100);
    }
    await page.screenshot({ path: out });
  }
} finally {
  await browser.close();
}
