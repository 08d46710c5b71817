package fathom.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.kernel.Kernels;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The build's executions on named kernels of OpenBLAS run on those, and not on whichever. */
@EnabledIfSystemProperty(named = CoreTest.WANTED, matches = ".+")
class CoreTest {
  static final String WANTED = "fathom.test.core";

  private static final String VARIABLE = "OPENBLAS_CORETYPE";

  @Test
  void theCoreIsTheOneThatIsMeant() {
    String core = Blas.openBlas().core();
    String wanted = System.getProperty(WANTED);
    if (wanted.equals("own")) {
      assertNull(
          System.getenv(VARIABLE), VARIABLE + " is set, so that " + core + " may be another");
      if (System.getProperty("os.arch").equals("amd64") && Kernels.vector().bits() == 512) {
        // What takes vectors of 512 bits has kernels with the path without packing.
        assertTrue(Product.hasUnpackedPath(core), core);
      }
    } else {
      assertEquals(wanted, System.getenv(VARIABLE));
      if (System.getProperty("os.arch").equals("amd64")) {
        assertEquals(wanted.toLowerCase(Locale.ROOT), core.toLowerCase(Locale.ROOT));
      }
    }
  }
}
