// ASCII armor (RFC 4880 §6). Pure.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gate {

// `label` is what stands behind BEGIN: "PGP MESSAGE", "PGP SIGNATURE", "PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK".
// 64 characters a line, a checksum, no headers, LF.
std::string enarmor(std::string_view label, ByteView packets);

// Exactly one block of that label and nothing but blanks around it; headers are read over; strict base64; the checksum
// right if there is one. CRLF is taken. armor_invalid.
Result<Bytes> dearmor(std::string_view label, std::string_view text);

// Does the text begin like an armored block, leading blanks aside?
bool looks_armored(std::string_view text);

// Does it begin with an armored block of that label?
bool begins_armored(std::string_view label, std::string_view text);

// Is this the beginning of an armored block without its end: empty, or cut off? A courier's copy may not be whole yet.
bool is_cut_off(std::string_view text);

}  // namespace countersign::auth::openpgp::gate
