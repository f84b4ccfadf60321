// Times by their highest bit and the six bits below it: 64 buckets for each power of two.
#include "generator.h"

void histogram_add(Histogram *histogram, uint64_t ns) {
  int bucket = (int)ns;
  if (ns >= 64) {
    int shift = 63 - __builtin_clzll(ns) - 6;
    bucket = (shift + 1) * 64 + (int)(ns >> shift) - 64;
  }
  histogram->buckets[bucket]++;
  histogram->count++;
  if (ns > histogram->max) histogram->max = ns;
}

double histogram_quantile_us(const Histogram *histogram, double quantile) {
  uint64_t rank = (uint64_t)(quantile * (double)histogram->count), seen = 0;
  for (int bucket = 0; bucket < 64 * 64; bucket++) {
    seen += histogram->buckets[bucket];
    if (seen <= rank) continue;
    if (bucket < 64) return bucket / 1000.0;
    // The middle of the bucket.
    int shift = bucket / 64 - 1;
    double middle = ((double)(64 + bucket % 64) + 0.5) * (double)(1ull << shift);
    return (middle < (double)histogram->max ? middle : (double)histogram->max) / 1000.0;
  }
  return (double)histogram->max / 1000.0;
}
