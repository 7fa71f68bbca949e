#include "support/wire_play.hpp"

#include <algorithm>
#include <utility>

#include "support/wire_case.hpp"

namespace sluice::test {

int status_of(const Error& error) {
    if (error.side == Side::Upstream) return 502;
    switch (error.code) {
        case ErrorCode::TargetTooLong:
            return 414;
        case ErrorCode::ExpectationFailed:
            return 417;
        case ErrorCode::HeadersTooLarge:
            return 431;
        case ErrorCode::NotImplemented:
            return 501;
        case ErrorCode::VersionNotSupported:
            return 505;
        default:
            return 400;
    }
}

WirePlay::WirePlay() : is_response_(false), answered_(http::Method::Get), scanner_(limits_) {}

WirePlay::WirePlay(http::Method answered)
    : is_response_(true),
      answered_(answered),
      scanner_(limits_, Side::Upstream),
      chunks_(http::ChunkedReader::Limits{}, Side::Upstream) {}

void WirePlay::feed(std::string_view piece) {
    buffer_.erase(0, read_);
    read_ = 0;
    buffer_.append(piece);
    while (advance()) {
    }
}

std::vector<std::string> WirePlay::finish() {
    if (stage_ == Stage::Body && framing_.kind == http::BodyKind::UntilClose) {
        end_message();
    } else if (stage_ == Stage::Body) {
        note_body();
        events_.emplace_back("incomplete body");
    } else if (stage_ == Stage::Head && !unread().empty()) {
        events_.emplace_back("incomplete head");
    }
    const bool failed = !events_.empty() && events_.back().starts_with("error ");
    if (stage_ == Stage::Over && !failed && !unread().empty()) {
        events_.push_back("rest " + std::to_string(unread().size()));
    }
    return std::move(events_);
}

bool WirePlay::advance() {
    switch (stage_) {
        case Stage::Head:
            return take_head();
        case Stage::Body:
            return take_body();
        case Stage::Over:
            break;
    }
    return false;
}

bool WirePlay::take_head() {
    const auto found = scanner_.find_end(unread());
    if (!found) {
        note_error(found.error());
        return false;
    }
    if (!found->has_value()) return false;
    const std::string_view head = unread().substr(0, **found);
    const auto parsed = is_response_ ? parse_response_head(head, limits_, answered_, response_)
                                     : parse_request_head(head, limits_, request_);
    if (!parsed) {
        note_error(scanner_.flaw_of(head, parsed.error()));
        return false;
    }
    if (is_response_) {
        note_response();
    } else {
        note_request();
    }
    scanner_.clear();
    chunks_.clear();
    body_left_ = framing_.length;
    read_ += head.size();
    stage_ = Stage::Body;
    if (framing_.kind == http::BodyKind::None ||
        (framing_.kind == http::BodyKind::Length && body_left_ == 0)) {
        end_message();
    }
    return true;
}

bool WirePlay::take_body() {
    if (framing_.kind == http::BodyKind::Chunked) return take_chunks();
    std::size_t taken = unread().size();
    if (framing_.kind == http::BodyKind::Length) {
        taken = static_cast<std::size_t>(std::min<std::uint64_t>(taken, body_left_));
        body_left_ -= taken;
    }
    body_.append(unread().substr(0, taken));
    read_ += taken;
    if (framing_.kind == http::BodyKind::UntilClose || body_left_ != 0) return false;
    end_message();
    return true;
}

bool WirePlay::take_chunks() {
    const auto step = chunks_.step(unread());
    if (!step) {
        note_body();
        note_error(step.error());
        return false;
    }
    body_.append(step->data);
    read_ += step->consumed;
    if (step->event == http::ChunkedReader::Event::End) {
        end_message();
        return true;
    }
    return step->event == http::ChunkedReader::Event::Data;
}

void WirePlay::note_request() {
    events_.push_back("method " + std::string(request_.method_name));
    events_.push_back("target " + show_bytes(request_.target));
    static constexpr const char* forms[] = {nullptr, "form absolute", "form authority",
                                            "form asterisk"};
    if (request_.target_form != http::TargetForm::Origin) {
        events_.emplace_back(forms[static_cast<std::size_t>(request_.target_form)]);
        if (!request_.path.empty()) events_.push_back("path " + show_bytes(request_.path));
    }
    if (request_.minor_version == 0) events_.emplace_back("version 1.0");
    if (!request_.authority.empty()) {
        events_.push_back("authority " + std::string(request_.authority));
    }
    note_fields(request_.fields, request_.framing);
    if (request_.expects_continue) events_.emplace_back("expect continue");
    if (request_.wants_upgrade) events_.emplace_back("upgrade");
    keep_alive_ = request_.keep_alive;
    is_last_ = !keep_alive_;
}

void WirePlay::note_response() {
    events_.push_back("status " + std::to_string(response_.status));
    if (!response_.reason.empty()) events_.push_back("reason " + show_bytes(response_.reason));
    if (response_.minor_version == 0) events_.emplace_back("version 1.0");
    note_fields(response_.fields, response_.framing);
    keep_alive_ = response_.keep_alive;
    is_last_ = response_.status >= 200 || response_.status == 101;
}

void WirePlay::note_fields(const http::Fields& fields, const http::Framing& framing) {
    for (const http::Field& field : fields) {
        const std::string_view gap = field.value.empty() ? ":" : ": ";
        events_.push_back("field " + show_bytes(field.name) + std::string(gap) +
                          show_bytes(field.value));
    }
    framing_ = framing;
    switch (framing.kind) {
        case http::BodyKind::None:
            events_.emplace_back("framing none");
            break;
        case http::BodyKind::Length:
            events_.push_back("framing length " + std::to_string(framing.length));
            break;
        case http::BodyKind::Chunked:
            events_.emplace_back("framing chunked");
            break;
        case http::BodyKind::UntilClose:
            events_.emplace_back("framing until-close");
            break;
    }
}

void WirePlay::note_body() {
    if (body_.empty()) return;
    events_.push_back("body " + std::to_string(body_.size()) + " \"" + show_bytes(body_) + "\"");
    body_.clear();
}

void WirePlay::note_error(const Error& error) {
    events_.push_back("error " + std::to_string(status_of(error)) + " " +
                      std::string(name_of(error.code)) + ": " + error.context());
    stage_ = Stage::Over;
}

void WirePlay::end_message() {
    note_body();
    std::string_view trailers = chunks_.trailers();
    while (!trailers.empty()) {
        const std::size_t end = trailers.find("\r\n");
        events_.push_back("trailer " + show_bytes(trailers.substr(0, end)));
        trailers.remove_prefix(end + 2);
    }
    events_.emplace_back(keep_alive_ ? "end keep-alive" : "end close");
    stage_ = is_last_ ? Stage::Over : Stage::Head;
}

std::vector<std::string> play(WirePlay player, std::string_view bytes,
                              const std::vector<std::size_t>& cuts) {
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
        player.feed(bytes.substr(at, cut - at));
        at = cut;
    }
    player.feed(bytes.substr(at));
    return player.finish();
}

std::vector<std::string> play_byte_by_byte(WirePlay player, std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) player.feed(bytes.substr(i, 1));
    return player.finish();
}

}  // namespace sluice::test
