#include "tests/support/house_backup.hpp"

namespace countersign::test {

using namespace auth;

records::ByteSource source_of(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(out.size(), text.size() - at);
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
    at += size;
    return size;
  };
}

std::string backup_of(House& house) {
  std::string text;
  const auto sink = [&](ByteView bytes) -> Status {
    text += as_text(bytes);
    return ok();
  };
  must(auth::upkeep::back_up(house.auth().roles().context, sink, {}));
  return text;
}

RestoreScene::RestoreScene(House& house, storage::Medium& medium) : house_(house), medium_(medium) {
  floor_ = must(records::Floor::load(house.secrets_folder() / "floor", house.seal()));
}

upkeep::RestoreGround RestoreScene::ground() {
  return {medium_, house_.secrets(),  house_.seal(), *floor_, house_.settings.server, house_.fingerprint(),
          "cli",   house_.clock.now()};
}

}  // namespace countersign::test
