#include "tests/interop/programs/matrix.hpp"

#include <sstream>

namespace countersign::test {
namespace {

std::string of_all_engines(const MatrixRow& row, std::string Cells::*cell) {
  std::string apart;
  bool same = true;
  for (const auto& [engine, cells] : row.engines) {
    same = same && cells.*cell == row.engines.front().second.*cell;
    apart += (apart.empty() ? "" : "; ") + engine + ": " + cells.*cell;
  }
  return same ? row.engines.front().second.*cell : apart;
}

}  // namespace

std::string every_cell(const Matrix& matrix) {
  std::ostringstream out;
  out << "matrix | program | key | engine | opens | verifies | clear-signed | detached |\n";
  for (const MatrixRow& row : matrix) {
    for (const auto& [engine, cells] : row.engines) {
      out << "matrix | " << row.program << " | " << row.key << " | " << engine << " | " << cells.opens << " | "
          << cells.verifies << " | " << cells.clear_signed << " | " << cells.detached << " |\n";
    }
  }
  return out.str();
}

std::vector<std::string> table_of(const Matrix& matrix) {
  std::vector<std::string> lines;
  for (const MatrixRow& row : matrix) {
    std::string line = "| " + row.program + " | " + row.key + " |";
    for (const auto cell : {&Cells::opens, &Cells::verifies, &Cells::clear_signed, &Cells::detached}) {
      line += " " + of_all_engines(row, cell) + " |";
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace countersign::test
