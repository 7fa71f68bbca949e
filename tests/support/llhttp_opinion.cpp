#include "support/llhttp_opinion.hpp"

#include <llhttp.h>

#include <cstddef>

#include "base/text.hpp"

static_assert(LLHTTP_STRICT_MODE == 1, "the lax parser has CVE-2023-30589");

namespace sluice::test {
namespace {

struct Listener {
    LlhttpOpinion opinion;
    bool answers_head = false;
    std::string name;
    std::string value;
};

Listener& listener(llhttp_t* parser) {
    return *static_cast<Listener*>(parser->data);
}

int on_headers_complete(llhttp_t* parser) {
    Listener& self = listener(parser);
    self.opinion.is_head_complete = true;
    self.opinion.status = parser->status_code;
    self.opinion.minor_version = parser->http_minor;
    self.opinion.is_chunked = (parser->flags & F_CHUNKED) != 0;
    self.opinion.has_length = (parser->flags & F_CONTENT_LENGTH) != 0;
    self.opinion.length = parser->content_length;
    return self.answers_head ? 1 : 0;
}

int on_value_complete(llhttp_t* parser) {
    Listener& self = listener(parser);
    // Trailer fields arrive by the same callback.
    if (!self.opinion.is_head_complete) {
        self.opinion.fields.emplace_back(self.name, std::string(trim(self.value)));
    }
    self.name.clear();
    self.value.clear();
    return 0;
}

llhttp_settings_t make_settings() {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_method = [](llhttp_t* parser, const char* at, std::size_t length) {
        listener(parser).opinion.method.append(at, length);
        return 0;
    };
    settings.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
        listener(parser).opinion.target.append(at, length);
        return 0;
    };
    settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
        listener(parser).name.append(at, length);
        return 0;
    };
    settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t length) {
        listener(parser).value.append(at, length);
        return 0;
    };
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
        listener(parser).opinion.body.append(at, length);
        return 0;
    };
    settings.on_message_complete = [](llhttp_t* parser) {
        listener(parser).opinion.is_complete = true;
        return static_cast<int>(HPE_PAUSED);
    };
    return settings;
}

LlhttpOpinion ask(llhttp_type_t type, std::string_view bytes, bool answers_head) {
    static const llhttp_settings_t settings = make_settings();
    Listener self;
    self.answers_head = answers_head;
    llhttp_t parser;
    llhttp_init(&parser, type, &settings);
    parser.data = &self;
    const llhttp_errno_t code = llhttp_execute(&parser, bytes.data(), bytes.size());
    self.opinion.is_accepted = code == HPE_OK || code == HPE_PAUSED || code == HPE_PAUSED_UPGRADE;
    self.opinion.error = llhttp_errno_name(code);
    return std::move(self.opinion);
}

std::string fields_difference(const http::Fields& ours, const LlhttpOpinion& theirs) {
    if (ours.size() != theirs.fields.size()) return "another number of fields";
    for (std::size_t i = 0; i < ours.size(); ++i) {
        if (ours[i].name != theirs.fields[i].first) return "field name " + theirs.fields[i].first;
        if (ours[i].value != theirs.fields[i].second) {
            return "value of " + theirs.fields[i].first + ": " + theirs.fields[i].second;
        }
    }
    return {};
}

std::string framing_difference(const http::Framing& ours, const LlhttpOpinion& theirs) {
    const bool chunked = ours.kind == http::BodyKind::Chunked;
    const bool length = ours.kind == http::BodyKind::Length;
    if (chunked != theirs.is_chunked) return "chunked or not";
    if (length != theirs.has_length) return "Content-Length or not";
    if (length && ours.length != theirs.length) return "length " + std::to_string(theirs.length);
    return {};
}

/// A field that delimits the body has HTAB between its value and the end of its line.
bool has_tab_after_framing(std::string_view head, const http::Fields& fields) {
    for (const http::Field& field : fields) {
        if (field.id != http::FieldId::ContentLength &&
            field.id != http::FieldId::TransferEncoding) {
            continue;
        }
        const auto end =
            static_cast<std::size_t>(field.value.data() - head.data()) + field.value.size();
        if (head.substr(end, head.find("\r\n", end) - end).contains('\t')) return true;
    }
    return false;
}

}  // namespace

LlhttpOpinion ask_llhttp_about_request(std::string_view bytes) {
    return ask(HTTP_REQUEST, bytes, false);
}

LlhttpOpinion ask_llhttp_about_response(std::string_view bytes, http::Method answered) {
    return ask(HTTP_RESPONSE, bytes, answered == http::Method::Head);
}

std::string difference(const http::RequestHead& ours, std::string_view head) {
    const LlhttpOpinion theirs = ask_llhttp_about_request(head);
    if (has_tab_after_framing(head, ours.fields)) return {};
    if (!theirs.is_accepted || !theirs.is_head_complete) {
        if (ours.method == http::Method::Other) return {};
        return "llhttp refuses: " + theirs.error;
    }
    if (ours.method_name != theirs.method) return "method " + theirs.method;
    if (ours.target != theirs.target) return "target " + theirs.target;
    if (ours.minor_version != theirs.minor_version) return "version";
    if (std::string found = fields_difference(ours.fields, theirs); !found.empty()) return found;
    return framing_difference(ours.framing, theirs);
}

std::string difference(const http::ResponseHead& ours, std::string_view head,
                       http::Method answered) {
    const LlhttpOpinion theirs = ask_llhttp_about_response(head, answered);
    if (has_tab_after_framing(head, ours.fields)) return {};
    if (!theirs.is_accepted || !theirs.is_head_complete) {
        return "llhttp refuses: " + theirs.error;
    }
    if (ours.status != theirs.status) return "status " + std::to_string(theirs.status);
    if (ours.minor_version != theirs.minor_version) return "version";
    if (std::string found = fields_difference(ours.fields, theirs); !found.empty()) return found;
    // A response without a body may still tell the length of one.
    if (ours.framing.kind == http::BodyKind::None) return {};
    return framing_difference(ours.framing, theirs);
}

std::string chunked_difference(std::string_view encoded, std::string_view data) {
    const std::string message =
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(encoded);
    const LlhttpOpinion theirs = ask_llhttp_about_request(message);
    if (!theirs.is_accepted) {
        const bool known = encoded.contains('\\') || encoded.contains('=');
        return known ? std::string{} : "llhttp refuses: " + theirs.error;
    }
    if (!theirs.is_complete) return "llhttp waits for more";
    return theirs.body == data ? std::string{} : "other data";
}

}  // namespace sluice::test
