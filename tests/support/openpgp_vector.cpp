#include "tests/support/openpgp_vector.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/openpgp/policy.hpp"

namespace countersign::test {
namespace {

namespace fs = std::filesystem;
using auth::openpgp::SignatureForm;

const fs::path kFolder = fs::path(COUNTERSIGN_FIXTURES) / "vectors" / "openpgp";

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return text.str();
}

class Headers {
 public:
  Headers(std::string name, std::string_view text) : name_(std::move(name)) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
      const auto colon = line.find(": ");
      if (colon == std::string::npos) wrong("no header: " + line);
      if (!fields_.emplace(line.substr(0, colon), line.substr(colon + 2)).second) wrong("twice: " + line);
    }
  }
  std::string take(const std::string& key) {
    const auto found = fields_.find(key);
    if (found == fields_.end()) wrong("no " + key);
    std::string value = found->second;
    fields_.erase(found);
    return value;
  }
  std::optional<std::string> take_if_any(const std::string& key) {
    if (!fields_.contains(key)) return std::nullopt;
    return take(key);
  }
  void finish() const {
    if (!fields_.empty()) wrong("an unknown header: " + fields_.begin()->first);
  }
  [[noreturn]] void wrong(const std::string& what) const { throw std::runtime_error(name_ + ": " + what); }

 private:
  std::string name_;
  std::map<std::string, std::string> fields_;
};

std::string decode(const Headers& headers, const std::string& kind, std::string body) {
  if (kind == "armored") return body;
  if (kind != "base64") headers.wrong("an unknown body: " + kind);
  std::erase(body, '\n');
  const auto bytes = from_base64(body);
  if (!bytes) headers.wrong("the body is no base64");
  return to_string(*bytes);
}

OpenPgpVector read_vector(const fs::path& path, std::string_view role) {
  const std::string file = slurp(path);
  const auto end = file.find("\n\n");
  Headers headers(path.string(), std::string_view(file).substr(0, end));
  if (end == std::string::npos) headers.wrong("no body");
  OpenPgpVector vector;
  vector.name = path.filename().string();
  vector.role = headers.take("role");
  if (vector.role != role) headers.wrong("in the folder of another role");
  vector.reason = headers.take("reason");
  vector.made_by = headers.take("made-by");
  const auto now = parse_time(headers.take("now"));
  if (!now) headers.wrong("no time");
  vector.now = *now;
  vector.expect = headers.take("expect");
  if (vector.expect != "accepted" && !error_code_named(vector.expect)) headers.wrong("no verdict: " + vector.expect);
  if (role == "certificate") {
    if (const auto count = headers.take_if_any("user-ids")) vector.user_ids = std::stoul(*count);
  } else {
    vector.certificate = headers.take("certificate");
    const std::string form = headers.take_if_any("form").value_or("detached");
    if (form != "detached" && form != "clear-signed") headers.wrong("an unknown form: " + form);
    vector.form = form == "detached" ? SignatureForm::detached : SignatureForm::clear_signed;
  }
  vector.text = decode(headers, headers.take("body"), file.substr(end + 2));
  headers.finish();
  return vector;
}

std::vector<OpenPgpVector> read_vectors(const std::string& role) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(kFolder / (role + "s"))) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<OpenPgpVector> vectors;
  for (const fs::path& path : paths) vectors.push_back(read_vector(path, role));
  return vectors;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "accepted" : std::string(name_of(result.error().code));
}

}  // namespace

std::vector<OpenPgpVector> read_certificate_vectors() {
  return read_vectors("certificate");
}
std::vector<OpenPgpVector> read_signature_vectors() {
  return read_vectors("signature");
}

void check_vector_folder() {
  static const std::set<std::string> kKnown = {"certificates", "signatures", "statement"};
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    const bool maker = entry.path().extension() == ".py" || entry.path().extension() == ".sh";
    if (!maker && !kKnown.contains(name)) throw std::runtime_error("no test opens " + entry.path().string());
  }
}

std::string vector_statement() {
  return slurp(kFolder / "statement");
}

CertificateVerdict judge_certificate_text(auth::openpgp::OpenPgp& engine, std::string_view text, Instant now) {
  using namespace auth;
  using namespace auth::openpgp;
  CertificateVerdict verdict;
  const auto admitted = openpgp::gate::admit_certificate(text, openpgp::gate::kCertificateReadBytesMax);
  if (!admitted) return {code_of(admitted), {}};
  auto facts = engine.inspect(*admitted, now);
  if (!facts) return {code_of(facts), {}};
  const Status judged = judge_certificate(*facts, now);
  verdict.code = code_of(judged);
  if (judged) verdict.code = code_of(choose_encryption_key(*facts, now));
  verdict.facts = *std::move(facts);
  return verdict;
}

std::string judge_signature_text(auth::openpgp::OpenPgp& engine,
                                 const auth::openpgp::gate::GatedCertificate& certificate, std::string_view statement,
                                 std::string_view text, SignatureForm form, Instant now) {
  using namespace auth;
  using namespace auth::openpgp;
  std::string signature(text);
  if (form == SignatureForm::clear_signed) {
    const auto split = openpgp::gate::split_response(text);
    if (!split) return code_of(split);
    signature = split->messages.at(0).signature;
  }
  const auto admitted = openpgp::gate::admit_signature(signature);
  if (!admitted) return code_of(admitted);
  return code_of(
      accept_signature(engine, certificate, statement, *admitted, form, {now - Seconds(300), now + Seconds(300)}, now));
}

}  // namespace countersign::test
