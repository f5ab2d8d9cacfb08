// What the user's own gpg.conf asks for and a client cannot work with.
//
// GPGME runs gpg with the user's settings and cannot leave them out. Most change nothing here, or are made good; a few
// keep a challenge from being opened or a response from being accepted. Those are named, with file and line, so that
// nobody has to guess.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::auth::client {

enum class KeyTask : std::uint8_t { opening, signing };

struct ConfLine {
  std::size_t number;       // from 1
  std::string text;         // the line without blanks around it; foreign
  std::string_view effect;  // what it does, to be read behind the line
};

// The lines of a gpg.conf that are in the way of that. Pure.
std::vector<ConfLine> lines_in_the_way(std::string_view conf, KeyTask task);

// The file that the gpg of that version reads in this home: gpg.conf-2.2.40, -2.2 or -2 where there is one, else
// gpg.conf. Empty where there is none.
std::filesystem::path conf_file(const std::filesystem::path& home, std::string_view version);

// Lines to stand beneath an error; empty where nothing is in the way. `home` is GnuPG's home folder; empty: GNUPGHOME
// or its default.
std::string words_on_conf(const std::string& home, KeyTask task);

}  // namespace countersign::auth::client
