// The files of transport/pages/templates, compiled in (CMakeLists.txt): login.html is kLoginHtml.
#pragma once

#include <string_view>

namespace countersign::transport::pages {

extern const std::string_view kPageHtml;       // the frame of each page: {{title}}, {{content}}
extern const std::string_view kLoginHtml;      // who are you?
extern const std::string_view kPasswordHtml;   // a password instead, within the form of that
extern const std::string_view kChallengeHtml;  // the challenge, and both ways to answer it
extern const std::string_view kAnswerHtml;     // a field for the response
extern const std::string_view kCodeHtml;       // a field for the code that a terminal shows
extern const std::string_view kAgainHtml;      // one of those again, where it was not taken
extern const std::string_view kAccountHtml;    // who I am, and my sessions
extern const std::string_view kSessionHtml;    // a row of them
extern const std::string_view kNoticeHtml;     // a sentence that is told
extern const std::string_view kMessageHtml;    // a page of one sentence
extern const std::string_view kStyleCss;
extern const std::string_view kScriptJs;

}  // namespace countersign::transport::pages
