// How the accounts of a stage come to stand where a setting says: call by call, each held against the model.
#include <fmt/format.h>

#include "auth/base/account_id.hpp"
#include "auth/records/revocation_record.hpp"
#include "tests/support/account_stage.hpp"
#include "tests/support/planted_password.hpp"

namespace countersign::test {

using namespace auth;

std::string_view name_of(Setting setting) {
  switch (setting) {
    case Setting::active:
      return "active";
    case Setting::managed:
      return "managed";
    case Setting::legacy:
      return "legacy";
    case Setting::revoked:
      return "revoked";
    case Setting::deleted:
      return "deleted";
    case Setting::absent:
      return "absent";
  }
  return "";
}

void AccountStage::expect(Model& model, Call call) {
  act(house_.auth(), call);
  const std::string expected = model.step(call);
  if (call.answer != expected) throw std::runtime_error(to_text(call) + ", and the model: " + expected);
}

void AccountStage::plant_legacy_password(int who, int password) {
  change_account(house_, account_id_of(username_of(who)),
                 [&](records::Accounts& accounts, storage::Batch& batch, records::Account& account) {
                   accounts.stage_no_part(batch, account, records::AccountPart::password);
                   accounts.stage_part(batch, account, records::AccountPart::legacy_password,
                                       as_bytes(lthn(password_text(password))));
                 });
}

AccountStage::Answer AccountStage::import(Authenticator& server, const Call& call) {
  const std::string id = account_id_of(username_of(call.who));
  accounts::LegacyImportOrder order;
  {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = legacy_folders_.try_emplace(fmt::format("{} {} {}", id, call.key, call.password));
    if (is_new) {
      at->second.write(id, records::AccountPart::certificate, key_holder(call.key).certificate());
      at->second.write(id, records::AccountPart::revocation, records::kRevocationPlaceholder);
      at->second.write(id, records::AccountPart::legacy_password, lthn(password_text(call.password)));
    }
    order.folder = at->second.path();
  }
  const auto summary = server.roles().legacy_import.run(order, nullptr, {Arrival::local, source_of_call()});
  if (!summary) return std::string(name_of(face_of(summary.error().code)));
  return summary->taken_over == 1 && summary->denied == 0 ? "ok taken over" : "ok not taken over";
}

Scene AccountStage::set(Setting setting) {
  Scene scene;
  restore(scene);
  const auto does = [&](Call call) {
    expect(scene.model, call);
    return call.number;
  };
  const auto asks = [&](records::Purpose purpose, int key = kNone, int who = 0) {
    Call call = numbered(Deed::issue, who);
    call.purpose = purpose;
    call.key = key;
    return does(call);
  };
  const auto logs_in = [&] {
    does(redeeming(records::Purpose::login, asks(records::Purpose::login)));
    return papers_.calls - 1;
  };
  asks(records::Purpose::enrol, 4);
  asks(records::Purpose::enrol, 5, 1);
  if (setting != Setting::absent) {
    Call add = numbered(setting == Setting::managed ? Deed::add_managed : Deed::add);
    if (setting != Setting::managed) add.key = 0;
    add.password = 0;
    does(add);
    if (setting == Setting::legacy) {
      plant_legacy_password(0, 0);
      scene.model.accounts[0].scheme = records::PasswordScheme::lthn;
    }
    logs_in();
    does(using_token(Deed::refresh, logs_in()));
    for (const records::Purpose purpose :
         {records::Purpose::login, records::Purpose::revoke, records::Purpose::password})
      asks(purpose);
    asks(records::Purpose::rotate, 1);
  }
  if (setting == Setting::revoked) does(numbered(Deed::revoke));
  if (setting == Setting::deleted) {
    does(numbered(Deed::delete_account));
    asks(records::Purpose::enrol, 4);
  }
  scene.papers = papers_;
  scene.records = contents_of(recorder_);
  return scene;
}

}  // namespace countersign::test
