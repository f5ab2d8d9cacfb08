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

// The packets of a text that is armored under that label, or binary. armor_invalid, as dearmor() and where something
// else stands before the block: taken for binary it would be refused for a packet that nobody sees.
Result<Bytes> read_packets(std::string_view label, std::string_view text);

// Does the text begin like an armored block, leading blanks aside?
bool looks_armored(std::string_view text);

// Does an armored block begin anywhere in it?
bool holds_armor(std::string_view text);

// Does it begin with an armored block of that label?
bool begins_armored(std::string_view label, std::string_view text);

// Does it begin as a packet does (RFC 4880 §4.2: the first bit), and as no text in UTF-8 can?
bool begins_a_packet(std::string_view text);

// A line `-----BEGIN PGP LABEL-----` or `-----END PGP LABEL-----`, of any label.
bool is_begin_line(std::string_view line);
bool is_end_line(std::string_view line);

// May more of it be to come: is it empty, or does it end inside a block or inside a BEGIN line, or in zeros, as a stick
// leaves it that was pulled out? A courier's copy may not be whole yet. What is not cut off is for its reader to judge.
bool is_cut_off(std::string_view text);

}  // namespace countersign::auth::openpgp::gate
