#include "tests/support/account_call.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace countersign::test {

std::string_view name_of(Deed deed) {
  switch (deed) {
    case Deed::show:
      return "show";
    case Deed::issue:
      return "issue";
    case Deed::add:
      return "add";
    case Deed::add_managed:
      return "add managed";
    case Deed::import:
      return "import";
    case Deed::enrol:
      return "enrol";
    case Deed::log_in:
      return "log in";
    case Deed::log_in_by_password:
      return "log in by password";
    case Deed::change_password:
      return "change password";
    case Deed::change_password_by_statement:
      return "change password by statement";
    case Deed::set_password:
      return "set password";
    case Deed::remove_password:
      return "remove password";
    case Deed::rotate:
      return "rotate";
    case Deed::rotate_by_statement:
      return "rotate by statement";
    case Deed::rotate_by_password:
      return "rotate by password";
    case Deed::rotate_managed:
      return "rotate managed";
    case Deed::hand_out_key:
      return "hand out key";
    case Deed::revoke:
      return "revoke";
    case Deed::revoke_by_statement:
      return "revoke by statement";
    case Deed::revoke_by_certificate:
      return "revoke by certificate";
    case Deed::revoke_by_password:
      return "revoke by password";
    case Deed::restore:
      return "restore";
    case Deed::delete_account:
      return "delete";
    case Deed::admit:
      return "admit";
    case Deed::refresh:
      return "refresh";
    case Deed::end:
      return "end";
    case Deed::end_one:
      return "end one";
    case Deed::end_all:
      return "end all";
  }
  return "";
}

bool is_among(Deed deed, std::initializer_list<Deed> deeds) {
  return std::find(deeds.begin(), deeds.end(), deed) != deeds.end();
}

bool proves_by_password(Deed deed) {
  return is_among(deed, {Deed::log_in_by_password, Deed::change_password, Deed::rotate_by_password, Deed::hand_out_key,
                         Deed::revoke_by_password});
}

std::string to_text(const Call& call) {
  std::string text = fmt::format("#{} {} of {}", call.number, name_of(call.deed), call.who);
  const auto note = [&](std::string_view what, int number) {
    if (number != kNone) text += fmt::format(" {} {}", what, number);
  };
  if (call.deed == Deed::issue) text += " to " + std::string(auth::records::name_of(call.purpose));
  note("key", call.key);
  note("password", call.password);
  note("next", call.next);
  note("token", call.token);
  note("session", call.session);
  note("challenge", call.challenge.number);
  return text + " -> " + call.answer;
}

}  // namespace countersign::test
