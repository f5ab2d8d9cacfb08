// GPGME's handles with their deleters, its start, and its errors in words that help. For auth/client as well.
#pragma once

#include <gpgme.h>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "storage/base/bytes.hpp"
#include "storage/base/handle.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::gnupg {

using Context = std::unique_ptr<gpgme_context, GiveBack<&gpgme_release>>;
using Data = std::unique_ptr<gpgme_data, GiveBack<&gpgme_data_release>>;
using Key = std::unique_ptr<std::remove_pointer_t<gpgme_key_t>, GiveBack<&gpgme_key_unref>>;

// GPGME's words, and below them what to do about it where that is known.
std::string words_on(std::string_view what, gpgme_error_t error);

// A context for OpenPGP in that home folder; empty: GNUPGHOME or GnuPG's default. Offline. `code` is what to fail with.
Result<Context> open_context(const std::string& home, ErrorCode code);

// The bytes have to outlive the data.
Result<Data> data_of(ByteView bytes, ErrorCode code);
// To be written to; wiped when freed.
Result<Data> empty_data(ErrorCode code);
// What was written. message_too_large, `code`.
Result<Secret> bytes_of(gpgme_data_t data, std::size_t bytes_max, ErrorCode code);

}  // namespace countersign::auth::openpgp::gnupg
