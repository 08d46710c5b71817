package fathom.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Memory to the byte: the figures were written down when memory was still laid out to be counted,
 * on two threads.
 */
class MemoryBytesTest {
  /**
   * Bytes of a network.
   *
   * @param training for batches of 1, 100 and 1024 rows, keeping all outputs and then every third
   */
  record Bytes(
      String architecture, long parameters, long statistics, long inference, List<Long> training) {}

  static Stream<Bytes> bytes() {
    return Stream.of(
        new Bytes(
            "784 128:relu 10:identity",
            407_104,
            0,
            2_408_448,
            List.of(809_640L, 1_083_808L, 7_498_368L, 809_640L, 1_083_808L, 7_498_368L)),
        new Bytes(
            "784 1024:relu dropout:0.5 1024:relu dropout:0.5 10:identity",
            7_520_960,
            0,
            2_899_968,
            List.of(10_723_368L, 11_571_104L, 43_573_888L, 10_723_368L, 11_571_104L, 43_573_888L)),
        new Bytes(
            "20 64:identity:no_bias batch_norm:gelu:0.1:1.0E-5 64:prelu "
                + "layer_norm:tanh:1.0E-5 3:identity",
            23_680,
            512,
            153_088,
            List.of(46_096L, 301_120L, 2_701_056L, 46_096L, 301_120L, 2_701_056L)),
        new Bytes(
            "30 288:identity [ batch_norm:relu:0.1:1.0E-5 288:identity:no_bias "
                + "batch_norm:relu:0.1:1.0E-5 288:identity ]:0.5 activation:silu "
                + "7:identity",
            713_152,
            4_608,
            920_064,
            List.of(753_436L, 2_021_104L, 17_173_184L, 753_436L, 2_021_104L, 17_173_184L)),
        new Bytes(
            "28x28 gru:64 dropout:0.2 lstm:32:7 layer_norm:tanh:1.0E-5 10:identity",
            123_968,
            0,
            20_973_952,
            List.of(162_412L, 15_848_368L, 164_785_728L, 162_412L, 15_848_368L, 164_785_728L)),
        new Bytes(
            "100 100:tanh 100:tanh 100:gelu 100:gelu 100:tanh 100:tanh 100:tanh "
                + "100:tanh 5:logistic",
            325_696,
            0,
            307_200,
            List.of(85_220L, 573_200L, 5_480_000L, 83_620L, 413_200L, 3_816_000L)));
  }

  @ParameterizedTest
  @MethodSource("bytes")
  void itIsWhatItWas(Bytes expected) {
    Architecture architecture = Architecture.parse(expected.architecture);
    int[] batches = {1, 100, 1024};
    try (Engine engine = new Engine(Blas.java(), Kernels.vector(), 2)) {
      for (int i = 0; i < expected.training.size(); i++) {
        int batch = batches[i % batches.length];
        int every = i < batches.length ? 1 : 3;
        Memory memory = Memory.of(engine, architecture, batch, every, 0);
        assertEquals(expected.training.get(i), memory.training(), batch + " rows, every " + every);
        assertEquals(expected.parameters, memory.parameters());
        assertEquals(expected.statistics, memory.statistics());
        assertEquals(expected.inference, memory.inference());
      }
    }
  }
}
