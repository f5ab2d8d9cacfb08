#include <cstdio>

int main() {
  std::puts("countersign " COUNTERSIGN_VERSION);
  return 0;
}
