/** The {@code fathom} command. */
module fathom.cli {
  requires fathom.core;
  requires fathom.lab;
  requires com.fasterxml.jackson.core;
  requires info.picocli;
  requires java.management;
  requires jdk.jfr;
  requires jdk.management;
  requires me.tongfei.progressbar;

  opens fathom.cli to
      info.picocli;
}
