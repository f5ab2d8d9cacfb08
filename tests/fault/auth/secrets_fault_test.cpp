#include <filesystem>

#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A record key that was superseded long enough ago, and everything still under it.
std::string superseded_key(FaultyHouse& place) {
  const std::string old = place.house.secrets().newest_record_key().id;
  place.house.clock.pass(Seconds(1));
  must(place.house.auth().roles().secret_upkeep.rotate("record", Seconds(0), by_hand()));
  place.house.clock.pass(2 * upkeep::kTakeOver);
  must(place.house.restart());
  return old;
}

bool is_there(FaultyHouse& place, secrets::SecretFamily family, const std::string& id) {
  return std::filesystem::exists(place.house.secrets_folder() / secret_file_name(family, id));
}

void still_serves(FaultyHouse& place) {
  must(place.house.restart());
  CHECK(must(place.house.auth().roles().audit.verify({})).faults.empty());
  const auto session = place.house.log_in(alice());
  CHECK(outcome(place.house.auth().roles().sessions.admit(session.token, by_http())) == "ok");
}

}  // namespace

TEST_CASE("a rotation amid any fault leaves the keys that there were or one more") {
  at_every_fault(
      "rotating a secret",
      [](FaultyHouse& place) {
        place.house.clock.pass(Seconds(1));
        return must(secrets::list_secret_files(place.house.secrets_folder()));
      },
      [](FaultyHouse& place, std::vector<std::string>&) {
        return place.house.auth().roles().secret_upkeep.rotate("seal", Seconds(0), by_hand());
      },
      [](FaultyHouse& place, std::vector<std::string>& before, const Result<upkeep::SecretView>& made) {
        if (!made) CHECK(outcome(made) == "storage_unavailable");
        const auto after = must(secrets::list_secret_files(place.house.secrets_folder()));
        CHECK(after.size() == before.size() + (made ? 1 : 0));
        still_serves(place);
        if (made) CHECK(place.house.secrets().newest_seal_key().id == made->id);
      });
}

TEST_CASE("resealing amid any fault leaves every record readable and the next run does the rest") {
  at_every_fault(
      "sealing records anew", [](FaultyHouse& place) { return superseded_key(place); },
      [](FaultyHouse& place, std::string&) { return place.house.auth().roles().secret_upkeep.reseal(by_hand(), {}); },
      [](FaultyHouse& place, std::string& old, const Result<upkeep::Resealing>& resealed) {
        if (!resealed) CHECK(outcome(resealed) == "storage_unavailable");
        still_serves(place);
        CHECK(must(place.house.auth().roles().secret_upkeep.reseal(by_hand(), {})).faults.empty());
        const auto uses = must(upkeep::count_key_use(place.house.medium(), place.house.secrets_folder(), {}));
        CHECK_FALSE(uses.at(old).is_needed());
      },
      Houses::one_a_point);
}

TEST_CASE("a record key that is retired amid any fault is there or gone and nothing is lost with it") {
  at_every_fault(
      "retiring a record key",
      [](FaultyHouse& place) {
        const std::string old = superseded_key(place);
        must(place.house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
        return old;
      },
      [](FaultyHouse& place, std::string& old) {
        return place.house.auth().roles().secret_upkeep.retire(old, false, by_hand(), {});
      },
      [](FaultyHouse& place, std::string& old, const Result<upkeep::Retired>& retired) {
        if (!retired) CHECK(outcome(retired) == "storage_unavailable");
        CHECK(is_there(place, secrets::SecretFamily::record, old) == !retired.has_value());
        if (!retired)
          CHECK(outcome(place.house.auth().roles().secret_upkeep.retire(old, false, by_hand(), {})) == "ok");
        CHECK(is_there(place, secrets::SecretFamily::audit, old));
        still_serves(place);
      },
      Houses::one_a_point);
}

TEST_CASE("records that others change while they are sealed anew keep what the others wrote") {
  for (const MediumKind kind : all_media()) {
    FaultyHouse place(kind);
    const std::string old = superseded_key(place);
    // Between reading and committing, everything that was read is written by somebody else.
    const auto session = place.house.log_in(alice());
    const std::string name = records::seen_name(alice().account());
    bool changed = false;
    class Interfering final : public storage::Medium {
     public:
      Interfering(storage::Medium& over, std::function<void()> before_commit)
          : over_(over), before_commit_(std::move(before_commit)) {}
      Result<storage::Entry> read(std::string_view entry) override { return over_.read(entry); }
      Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after,
                                            std::size_t limit) override {
        return over_.list(prefix, after, limit);
      }
      Status commit(const storage::Batch& batch) override {
        before_commit_();
        return over_.commit(batch);
      }
      Result<storage::Mark> mark() override { return over_.mark(); }

     private:
      storage::Medium& over_;
      std::function<void()> before_commit_;
    };
    Interfering medium(place.store.medium(), [&] {
      if (std::exchange(changed, true)) return;
      const Bytes bytes = place.house.seal().close(
          name, Json::object().set("version", 1).set("last_login", format_time(kNoon + Seconds(7))));
      REQUIRE(put(place.store.medium(), name, as_text(bytes)).has_value());
    });
    const auto resealed = must(upkeep::reseal_records(medium, place.house.secrets(), {}));
    CHECK(changed);
    CHECK(resealed.faults.empty());
    CHECK(resealed.records >= 5);
    CHECK(must(place.house.auth().roles().accounts.show(alice().account())).last_login == kNoon + Seconds(7));
    CHECK_FALSE(
        must(upkeep::count_key_use(place.store.medium(), place.house.secrets_folder(), {})).at(old).is_needed());
    CHECK(outcome(place.house.auth().roles().sessions.admit(session.token, by_http())) == "ok");
  }
}
