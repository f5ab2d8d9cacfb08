// A chain of one writer, written and verified on a medium in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/records/audit.hpp"
#include "tests/support/house.hpp"
#include "tests/support/sealed_ground.hpp"

namespace countersign::test {

struct AuditBook : SealedGround {
  AuditBook() {
    must(auth::records::Floor::create(floor_path(), seal));
    floor = must(auth::records::Floor::load(floor_path(), seal));
    audit = std::make_unique<auth::records::Audit>(medium, seal, *floor, "server");
  }
  void write(int count) {
    for (int i = 0; i < count; ++i) must(audit->commit({}, entry("")));
  }
  static auth::records::AuditEntry entry(const std::string& detail) {
    return {auth::records::Decision::account_added,
            kNoon,
            alice().account(),
            alice().fingerprint().upper(),
            "",
            "local",
            detail};
  }
  std::vector<std::string> faults() { return must(audit->verify({})).faults; }

  std::unique_ptr<auth::records::Floor> floor;
  std::unique_ptr<auth::records::Audit> audit;
};

}  // namespace countersign::test
