#include "auth/records/profile.hpp"

#include <catch2/catch.hpp>


using namespace countersign;
using namespace countersign::auth::records;

TEST_CASE("a group is a word that goes into a header and a path as it is") {
  for (const char* good : {"staff", "a", "0", "a.b_c-d", "9lives"}) CHECK(check_group(good));
  CHECK(check_group(std::string(64, 'a')));
  for (const char* bad : {"", "Staff", "a b", "a,b", "a/b", "-a", ".a", "_a", "\xc3\xa9", "a\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_group(bad));
  }
  CHECK_FALSE(check_group(std::string(65, 'a')));
}

TEST_CASE("an email address has one at sign and nothing that splits a header") {
  for (const char* good : {"a@b", "alice+x@example.org", "\xc3\xbc@example.org"}) CHECK(check_email(good));
  for (const char* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b,c", "<a@b>", "a@b\n", "a;b@c", "\xff@b"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_email(bad));
  }
  CHECK(check_email("a@" + std::string(252, 'b')));
  CHECK_FALSE(check_email("a@" + std::string(253, 'b')));
}

TEST_CASE("a profile is read as it was written, and only what can be written is read") {
  for (const Profile& profile : {Profile(), Profile{{"staff"}, ""}, Profile{{"b", "a"}, "x@y"}, Profile{{}, "x@y"}}) {
    Json json = Json::object();
    write_profile(profile, json);
    JsonReader reader(json);
    const Profile read = parse_profile(reader).value();
    CHECK(reader.finish());
    CHECK(read.groups == profile.groups);
    CHECK(read.email == profile.email);
  }
  for (const char* bad : {R"({"groups":"staff"})", R"({"groups":[1]})", R"({"groups":["a","a"]})",
                          R"({"groups":["A"]})", R"({"email":"x"})", R"({"email":1})"}) {
    const Json json = parse_json(bad).value();
    JsonReader reader(json);
    CAPTURE(bad);
    CHECK_FALSE(parse_profile(reader));
  }
  CHECK(check_profile({std::vector<std::string>(1, "a"), ""}));
  Profile many;
  for (int i = 0; i < 65; ++i) many.groups.push_back("g" + std::to_string(i));
  CHECK_FALSE(check_profile(many));
  many.groups.pop_back();
  CHECK(check_profile(many));
}
