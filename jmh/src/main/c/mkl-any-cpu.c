/* MKL takes its AVX-512 kernels only on processors of one maker; elsewhere it runs at less than half
 * of its speed, and a peer on it would be none. Preloaded, these answer yes to the question that it
 * asks, under the names of MKL 2025 and of MKL 2022. What the processor can do is still read from it. */
static int yes(void) { return 1; }
void *mkl_serv_get_cpu_true(void) { return (void *)yes; }
int mkl_serv_intel_cpu_true(void) { return 1; }
