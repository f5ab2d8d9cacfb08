// What was seen: program × key × engine, in what the page's table has columns for.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace countersign::test {

// Each cell is "yes" or "login", "refused: NAME OF THE REASON", "not offered: WHAT THE PROGRAM ANSWERS", or "failed:
// ..." for what has no place in the table.
struct Cells {
  std::string opens;
  std::string verifies;
  std::string clear_signed;
  std::string detached;
};

struct MatrixRow {
  std::string program;
  std::string key;
  std::vector<std::pair<std::string, Cells>> engines;
};

using Matrix = std::vector<MatrixRow>;

// Every cell, a line for each row and engine, which test.sh prints.
std::string every_cell(const Matrix& matrix);
// The lines of the page's table: one cell for all engines where they are of one mind, else one by one.
std::vector<std::string> table_of(const Matrix& matrix);

}  // namespace countersign::test
