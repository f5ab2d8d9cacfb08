// Real accounts for the calls of account_model.hpp: a store, servers over it, people with keys, and what they hold.
//
//   AccountStage stage(medium);          // empty
//   Scene scene = stage.set(Setting::active);
//   stage.restore(scene);                // as often as one likes
//   stage.recorder().record(call, [&](Call& c) { stage.act(server, c); });
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "tests/support/history.hpp"
#include "tests/support/house.hpp"
#include "tests/support/legacy.hpp"

namespace countersign::test {

// Tokens, and responses that are signed and not handed in yet; by the call that brought them.
struct Papers {
  struct Token {
    Secret text;
    int who = 0;
    int session = kNone;
  };
  struct Answered {
    auth::records::Purpose purpose = auth::records::Purpose::login;
    int who = 0;
    SealedFacts facts;
    auth::proving::Response response;
    auth::proving::Response by_next_key;  // rotate
  };
  std::map<int, Token> tokens;
  std::map<int, Answered> responses;
  std::map<int, std::string> sessions;                                        // ids, by the call that opened them
  std::vector<std::shared_ptr<const auth::openpgp::GeneratedKey>> made_keys;  // the first is kMadeKeys
  int calls = 0;
};

// Where the accounts stand before anything happens. Each has sessions and open challenges of its past.
enum class Setting : std::uint8_t {
  active,   // with a password
  managed,  // with a key that was made for it, escrowed
  legacy,   // with the predecessor's hash
  revoked,
  deleted,
  absent,
};
inline constexpr std::array kSettings = {Setting::active,  Setting::managed, Setting::legacy,
                                         Setting::revoked, Setting::deleted, Setting::absent};
std::string_view name_of(Setting setting);

struct Scene {
  Model model;
  Papers papers;
  std::map<std::string, std::string> records;  // all that the store holds
};

inline constexpr int kKeys = 6;
inline constexpr int kMadeKeys = 100;  // from here on, in the order of their making
inline constexpr int kPasswords = 3;

class AccountStage {
 public:
  explicit AccountStage(storage::Medium& store);

  // Sets it up, call by call, each held against the model; throws where one disagrees.
  Scene set(Setting setting);
  // The accounts, their keys, sessions and consumed challenges as they were; the chains of records go on.
  void restore(const Scene& scene);
  // The whole store; servers that were open over it are to be opened anew.
  void restore_all(const Scene& scene);

  Recorder& recorder() { return recorder_; }
  House& house() { return house_; }
  // Another server, over `medium` and so over the recorder.
  std::unique_ptr<auth::Authenticator> open(storage::Medium& medium, const std::string& writer);

  // Does a call and notes its answer, and what it brought. Any thread.
  void act(auth::Authenticator& server, Call& call);
  // Records it, as a call of this thread.
  void record(auth::Authenticator& server, Call call);
  // What was recorded, and then whether everything that there is to see, states, sessions and passwords, is as the
  // model says.
  struct Judged {
    Verdict verdict;
    std::string history;  // the calls, for whoever reads a failure
  };
  Judged judge(const Model& before, auth::Authenticator& server);

  Papers papers();  // as they are now

  // A call with a number of its own. Redeeming and using take a paper that is there, by its number.
  Call numbered(Deed deed, int who = 0);
  Call redeeming(auth::records::Purpose purpose, int response);
  Call using_token(Deed deed, int token);

 private:
  using Answer = std::string;
  Answer answer(auth::Authenticator& server, Call& call);
  Answer show(auth::Authenticator& server, const std::string& id);
  Answer issue(auth::Authenticator& server, const Call& call);
  Answer refresh(auth::Authenticator& server, const Call& call);
  Answer opened_answer(const Call& call, const Result<auth::sessions::RefreshedSession>& result);
  Answer session_answer(int session, const auth::records::Session& found);
  Answer account_answer(const Result<auth::records::Account>& result, bool by_network);
  Answer managed_answer(Call& call, const Result<auth::keys::ManagedAccount>& result, bool by_network);
  Answer import(auth::Authenticator& server, const Call& call);
  Answer handed_out_answer(const Result<Secret>& armored);
  Answer revoked_answer(const Result<auth::records::RevocationRecord>& result, bool by_network);
  int key_of(const auth::Fingerprint& fingerprint);
  auth::proving::Response sign(int key, const std::string& sealed, const std::string& text);
  Papers::Answered response_of(int number);
  Papers::Token token_of(const Call& call);
  std::string session_id_of(int session);
  void put_back(const Scene& scene, std::span<const std::string_view> folders);
  void expect(Model& model, Call call);
  void plant_legacy_password(int who, int password);
  HouseSettings settings();

  Recorder recorder_;
  House house_;
  std::mutex mutex_;
  Papers papers_;
  std::map<std::string, LegacyScratch> legacy_folders_;  // by what they hold
};

// Who may have the keys, made once a process.
const Person& key_holder(int key);
std::string username_of(int who);
std::string password_text(int password);

}  // namespace countersign::test
