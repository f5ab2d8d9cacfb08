// The local carrier: a command runs the same operations as the network does, on the data folder itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/command_context.hpp"
#include "cli/store.hpp"

namespace countersign::cli {

// The store of the context's data folder, opened for a command.
Result<std::unique_ptr<Store>> open_store(CommandContext& context, OpenedFor purpose = OpenedFor::work);

// Opens the store, runs one operation and prints its answer.
Status run_local(CommandContext& context, std::string_view operation, Json fields);
// The same, with the answer handed back.
Result<Json> ask_local(CommandContext& context, std::string_view operation, Json fields, std::string text);
// The same on a store that is open already.
Result<Json> ask_store(Store& store, std::string_view operation, Json fields, std::string text);
// ask_local() of an operation that takes long: on a terminal it tells how many records it has seen.
Result<Json> ask_counting(CommandContext& context, std::string_view operation, Json fields);
// The same, told in the caller's way.
Result<Json> ask_watched(CommandContext& context, std::string_view operation, Json fields, const Progress& progress);

// USER on a command line is a username, an account id, or the beginning of one: sets the member that says which. What
// may be a username and a beginning too is looked up when the operation runs, and there a username wins.
Json name_account(Json fields, const std::string& user);

}  // namespace countersign::cli
