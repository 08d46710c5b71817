package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shows pages in a browser without a head and without a network.
 *
 * @param folder for its files
 */
record Browser(Path folder) {
  private static final Path PROGRAM = Path.of("/usr/bin/chromium");

  /** Tells what a page has come to once its own scripts have run. */
  private static final String PROBE =
      """
      <script>
      addEventListener("load", () => {
        const result = document.createElement("output");
        const bars = [...document.querySelectorAll("canvas")];
        const drawn = bars.filter(c => {
          const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
          return d.some(v => v !== 0);
        });
        result.id = "probe";
        result.textContent = [
          "charts=" + document.querySelectorAll(".uplot canvas").length,
          "drawn=" + (drawn.length === bars.length),
          "cells=" + document.querySelectorAll("table.confusion td").length,
          "mistakes=" + document.querySelectorAll(".mistakes canvas").length,
          "maps=" + document.querySelectorAll(".map canvas").length,
          "rows=" + document.querySelectorAll(".view .row").length,
          "fetched=" + performance.getEntriesByType("resource").length,
          "ground=" + getComputedStyle(document.body).backgroundColor,
        ].join(";");
        document.body.appendChild(result);
      });
      </script>
      </body>
      """;

  /** The page as a browser has it in the end, and what the browser said of it. */
  record Shown(String dom, String log) {
    String probe(String key) {
      Matcher found = Pattern.compile("[>;]" + key + "=([^;<]*)").matcher(dom);
      assertTrue(found.find(), "the page has no " + key + ": " + log);
      return found.group(1);
    }

    /** Requires a page without complaints, with all canvases drawn, in the colours asked for. */
    void requireSound(boolean dark) {
      assertFalse(log.contains("CONSOLE"), log);
      assertEquals("true", probe("drawn"), "a canvas is empty");
      assertEquals("0", probe("fetched"));
      assertEquals(dark ? "rgb(16, 21, 29)" : "rgb(246, 247, 249)", probe("ground"));
    }
  }

  Shown show(Path page, boolean dark) throws IOException, InterruptedException {
    return show(page, dark, "");
  }

  /**
   * Shows a page.
   *
   * @param script what is done on the page before it is looked at
   */
  Shown show(Path page, boolean dark, String script) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(PROGRAM), "skipped: there is no browser at " + PROGRAM);
    Path probed = folder.resolve("probed.html");
    String first = "<script>addEventListener('load', () => {" + script + "});</script>\n";
    Files.writeString(probed, Files.readString(page).replace("</body>\n", first + PROBE));
    Path dom = folder.resolve("dom");
    Path log = folder.resolve("log");
    Process browser =
        new ProcessBuilder(
                PROGRAM.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--user-data-dir=" + folder.resolve("profile"),
                "--blink-settings=preferredColorScheme=" + (dark ? 0 : 1),
                "--window-size=1200,2000",
                "--enable-logging=stderr",
                "--dump-dom",
                probed.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    if (!browser.waitFor(2, TimeUnit.MINUTES)) {
      browser.destroyForcibly();
      throw new AssertionError("the browser hangs: " + Files.readString(log));
    }
    return new Shown(
        Files.readString(dom), new String(Files.readAllBytes(log), StandardCharsets.ISO_8859_1));
  }
}
