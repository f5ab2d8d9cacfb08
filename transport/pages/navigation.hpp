// A proxy asks about a request of somebody who is not logged in: is it a person who opens a page, and which? Pure.
#pragma once

#include <string>
#include <string_view>

#include "transport/pages/site.hpp"

namespace countersign::transport::pages {

// Of the request that is asked about, as a trusted proxy tells it; foreign text, and empty where it does not.
struct AskedAbout {
  std::string_view method = {};      // X-Forwarded-Method
  std::string_view proto = {};       // X-Forwarded-Proto
  std::string_view host = {};        // X-Forwarded-Host
  std::string_view uri = {};         // X-Forwarded-Uri: path and query
  std::string_view accept = {};      // passed along as it is
  std::string_view fetch_mode = {};  // Sec-Fetch-Mode, likewise
};

// A GET or HEAD that a browser makes to show a page: it says so, or, where it does not say, it takes HTML by name. What
// a script asks for is none: it would take the login page for its answer.
bool is_navigation(const AskedAbout& asked);

// The login page, with the address to come back to where that is one that a browser may be sent to.
std::string login_address(const Site& site, const AskedAbout& asked);

// What stands behind `return=` in a query that begins so. It is percent-encoded; or, since nginx cannot encode it, an
// address as it is, up to the end. Empty where it is neither.
std::string return_in_query(std::string_view query);

}  // namespace countersign::transport::pages
