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

TEST_CASE("an account is in a group by its whole name alone") {
  const Profile profile{{"staff", "ops"}};
  for (const char* groups : {"staff", "ops", "x,staff", "ops,x"}) CHECK(is_in_one_of(profile, groups));
  for (const char* groups : {"", ",", "staf", "staffs", "x", "Staff", "staff ,x"})
    CHECK_FALSE(is_in_one_of(profile, groups));
  CHECK_FALSE(is_in_one_of(Profile(), ""));
}

TEST_CASE("a display name is a short printable text in one spelling") {
  for (const char* good : {"A", "Alice Liddell", "Liddell, Alice", "Zo\xc3\xab", "\xe6\x97\xa5"})
    CHECK(check_display_name(good));
  for (const char* bad : {"", " ", " a", "a ", "a\nb", "a\tb", "a\x7f", "\xff", "a\xe2\x80\xae", "Zoe\xcc\x88"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_display_name(bad));
  }
  CHECK(check_display_name(std::string(128, 'a')));
  CHECK_FALSE(check_display_name(std::string(129, 'a')));
}

TEST_CASE("a profile is read as it was written, and only what can be written is read") {
  for (const Profile& profile : {Profile(), Profile{{"staff"}, ""}, Profile{{"b", "a"}, "x@y", "X"}, Profile{{}, "x@y"},
                                 Profile{{}, "", "X Y"}}) {
    Json json = Json::object();
    write_profile(profile, json);
    JsonReader reader(json);
    const Profile read = parse_profile(reader).value();
    CHECK(reader.finish());
    CHECK(read == profile);
  }
  for (const char* bad :
       {R"({"groups":"staff"})", R"({"groups":[1]})", R"({"groups":["a","a"]})", R"({"groups":["A"]})",
        R"({"email":"x"})", R"({"email":1})", R"({"display_name":1})", R"({"display_name":" "})"}) {
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
