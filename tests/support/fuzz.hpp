// For fuzz targets: a property that must hold for whatever a stranger sends. Unlike assert it is there in every build.
#pragma once

#include <cstdio>
#include <cstdlib>

#define FUZZ_CHECK(...)                                                                     \
  do {                                                                                      \
    if (!(__VA_ARGS__)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)
