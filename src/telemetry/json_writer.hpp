#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "telemetry/decimal.hpp"

namespace sluice::telemetry {

/// Writes an indented JSON document from top to bottom. Members of objects have names, elements of
/// arrays have none ("").
class JsonWriter {
public:
    void begin_object(std::string_view name = {}) { begin(name, '{'); }
    void end_object() { end('}'); }
    void begin_array(std::string_view name = {}) { begin(name, '['); }
    void end_array() { end(']'); }

    void member(std::string_view name, std::string_view text) {
        next(name);
        append_json_string(out_, text);
    }
    void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }
    void member(std::string_view name, bool value) {
        next(name);
        out_.append(value ? "true" : "false");
    }
    template <typename Number>
        requires(std::integral<Number> || std::floating_point<Number>)
    void member(std::string_view name, Number value) {
        next(name);
        append_decimal(out_, value);
    }

    /// The document, with a line end.
    [[nodiscard]] std::string take() {
        out_.push_back('\n');
        return std::move(out_);
    }

private:
    void begin(std::string_view name, char bracket) {
        next(name);
        out_.push_back(bracket);
        ++depth_;
        is_first_ = true;
    }

    void end(char bracket) {
        --depth_;
        if (!is_first_) new_line();
        out_.push_back(bracket);
        is_first_ = false;
    }

    void next(std::string_view name) {
        if (depth_ > 0) {
            if (!is_first_) out_.push_back(',');
            new_line();
        }
        is_first_ = false;
        if (name.empty()) return;
        append_json_string(out_, name);
        out_.append(": ");
    }

    void new_line() { out_.append("\n").append(depth_ * 2, ' '); }

    std::string out_;
    std::size_t depth_ = 0;
    bool is_first_ = true;
};

}  // namespace sluice::telemetry
