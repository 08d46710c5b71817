package fathom.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One page that holds all it needs, the data, the charts' library and its licence, so that it can
 * be sent and opened anywhere.
 */
final class Page {
  /** The version is part of the path; it must be that of the build's dependency. */
  private static final String CHARTS = "/META-INF/resources/webjars/uplot/1.6.30/";

  private static final String OWN = "/fathom/cli/report/";
  private static final Pattern HOLE = Pattern.compile("\\{\\{([a-z-]+)}}");

  private Page() {}

  /**
   * Writes a page.
   *
   * @param script the name of the script that draws it
   * @param json what it draws
   */
  static void write(PrintWriter out, String title, String script, String json) {
    Map<String, String> parts =
        Map.of(
            "title", title.replace("&", "&amp;").replace("<", "&lt;"),
            "licence", resource(CHARTS + "LICENSE").strip(),
            "chart-style", resource(CHARTS + "dist/uPlot.min.css").strip(),
            "chart-script", resource(CHARTS + "dist/uPlot.iife.min.js").strip(),
            "style", resource(OWN + "report.css").strip(),
            "script", resource(OWN + script + ".js").strip(),
            // The one character by which text could end the element that holds it.
            "run", json.replace("<", "\\u003c"));
    Matcher hole = HOLE.matcher(resource(OWN + "page.html"));
    StringBuilder page = new StringBuilder();
    while (hole.find()) {
      hole.appendReplacement(page, Matcher.quoteReplacement(parts.get(hole.group(1))));
    }
    out.print(hole.appendTail(page));
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + name + " is missing from the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
