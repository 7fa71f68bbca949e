#include "config/syntax_error.hpp"

#include <algorithm>
#include <array>

namespace sluice::config {
namespace {

struct Wording {
    std::string_view reason;
    std::string_view message;
    std::string_view help;
};

/// The reader's words about the inside of a string, and ours.
constexpr std::array<Wording, 6> string_faults{{
    {"(LF)", "a string is not closed before its line ends",
     "end it with '\"'; write \\n for a line break"},
    {"missing closing quote", "a string is not closed", "end it with '\"'"},
    {"control character", "a string holds a control character",
     "write it escaped, such as \\t or \\u0007"},
    {"ill-formed UTF-8", "a string holds bytes that are not UTF-8", "save the file as UTF-8"},
    {"backslash", "a backslash in a string is followed by a character it may not precede",
     "write \\\\ for a backslash"},
    {"surrogate", "a \\u escape is one half of a pair without the other",
     "write the character itself, or both halves"},
}};

struct Stop {
    Token token;
    /// What the token before it began with.
    char before = '\0';
};

/// Walks to the token that the reader stumbled over.
Stop find_stop(SyntaxFault& fault) {
    Stop stop{fault.last, fault.last.first()};
    // "01" and "truex" are two tokens to the reader, of which it took the first.
    if (!fault.last.text.empty() && fault.last.end >= fault.consumed) return stop;
    // Within a token the reader has consumed the character that it could not take. Of the tokens
    // since the last value only punctuation was whole.
    const bool in_token = !fault.reason.contains("unexpected");
    for (;;) {
        stop.before = stop.token.first();
        stop.token = fault.cursor.next();
        const bool is_whole = std::string_view("{}[],:").contains(stop.token.first());
        const std::size_t slack = in_token && !is_whole ? 1 : 0;
        if (stop.token.text.empty() || stop.token.end + slack >= fault.consumed) return stop;
    }
}

std::string expected_after(const SyntaxFault& fault, char before, char found) {
    const bool in_object = fault.container == '{';
    const std::string closer = in_object ? "'}'" : "']'";
    if (before == '\0') return "the file must hold one object: '{' ... '}'";
    if (before == ':') return "a value is expected after ':'";
    if (before == ',' && fault.container == '\0') return "nothing may follow the closing '}'";
    if (before == ',' && (found == '}' || found == ']')) {
        return std::string("remove the ',' before '") + found + "'";
    }
    if (before == ',')
        return in_object ? "a key in double quotes is expected after ','"
                         : "a value is expected after ','";
    if (before == '{' && in_object) return "a key in double quotes or '}' is expected";
    if (before == '[' && !in_object) return "a value or ']' is expected";
    if (fault.after_key && fault.last.first() == before)
        return "':' and a value are expected after a key";
    if (fault.container == '\0') return "nothing may follow the closing '}'";
    return "',' or " + closer + " is expected";
}

Complaint explain_string(const SyntaxFault& fault) {
    for (const Wording& wording : string_faults) {
        if (fault.reason.contains(wording.reason)) {
            return {std::string(wording.message), std::string(wording.help)};
        }
    }
    return {"a \\u escape is broken", "write \\u and four hexadecimal digits"};
}

bool concerns_whole_string(std::string_view message) {
    return message.contains("not closed") || message.contains("UTF-8");
}

Complaint explain_word(const SyntaxFault& fault, const Stop& stop) {
    const char c = stop.token.first();
    if (c == '\'') return {"single quotes are not JSON", "use double quotes"};
    const bool is_key = fault.container == '{' && (stop.before == '{' || stop.before == ',');
    if (is_key)
        return {"a key without quotes: " + in_quotes(stop.token.text), "write it in double quotes"};
    const std::string message = in_quotes(stop.token.text) + " is not a JSON value";
    if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.') {
        return {message, "write a whole number without sign and leading zeros, or a string"};
    }
    return {message, "write true, false, null, a number, or text in double quotes"};
}

Complaint explain_grammar(const SyntaxFault& fault, const Stop& stop) {
    const std::string help = expected_after(fault, stop.before, stop.token.first());
    if (stop.token.text.empty()) return {"the file ends too early", help};
    return {"unexpected " + in_quotes(stop.token.text), help};
}

bool is_word(const Token& token) {
    return !token.text.empty() && !std::string_view("{}[],:\"").contains(token.first());
}

/// A word that the reader would have understood, only not there.
bool is_literal(std::string_view text) {
    const bool is_number = !text.empty() &&
                           std::ranges::all_of(text,
                                               [](char c) {
                                                   return (c >= '0' && c <= '9') ||
                                                          std::string_view("+-.eE").contains(c);
                                               }) &&
                           text.front() != '+' && text.front() != '.' &&
                           !(text.size() > 1 && text.front() == '0');
    return text == "true" || text == "false" || text == "null" || is_number;
}

}  // namespace

Problem explain(SyntaxFault fault) {
    const Stop stop = find_stop(fault);
    Problem problem;
    problem.position = stop.token.position;
    Complaint complaint;
    if (fault.reason.contains("invalid comment") && stop.token.first() != '/') {
        problem.position = fault.cursor.last_comment();
        complaint = {"a comment is not closed", "end it with */"};
    } else if (stop.token.first() == '"' && fault.reason.contains("invalid string")) {
        complaint = explain_string(fault);
        if (!concerns_whole_string(complaint.message) && fault.consumed > 0) {
            problem.position = JsonCursor::position_of(fault.text, fault.consumed - 1);
        }
    } else if (fault.reason.contains("number overflow")) {
        complaint = {"the number " + in_quotes(stop.token.text) + " is too large",
                     "write a smaller one"};
    } else if (is_word(stop.token) && !is_literal(stop.token.text)) {
        complaint = explain_word(fault, stop);
    } else {
        complaint = explain_grammar(fault, stop);
    }
    problem.message = complaint.message;
    problem.help = complaint.help;
    return problem;
}

}  // namespace sluice::config
