#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "telemetry/decimal.hpp"

namespace sluice::telemetry {

/// A label of a sample, in Prometheus' text format.
struct Label {
    std::string_view name;
    std::string_view value;
};
using Labels = std::initializer_list<Label>;

/// Writes families of metrics one after the other.
class Page {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        out_.append("# HELP ").append(name).append(" ").append(help);
        out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
    }

    template <typename Number>
    void sample(Labels labels, Number value) {
        sample("", labels, value);
    }

    template <typename Number>
    void sample(std::string_view suffix, Labels labels, Number value) {
        out_.append(name_).append(suffix);
        char before = '{';
        for (const Label& label : labels) {
            out_.push_back(before);
            out_.append(label.name).append("=\"");
            escape(label.value);
            out_.push_back('"');
            before = ',';
        }
        out_.append(labels.size() == 0 ? " " : "} ");
        append_decimal(out_, value);
        out_.push_back('\n');
    }

    /// A family of a single sample.
    template <typename Number>
    void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
        family(name, type, help);
        sample({}, value);
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void escape(std::string_view value) {
        for (const char c : value) {
            if (c == '\n') {
                out_.append("\\n");
                continue;
            }
            if (c == '\\' || c == '"') out_.push_back('\\');
            out_.push_back(c);
        }
    }

    std::string out_;
    std::string_view name_;
};

}  // namespace sluice::telemetry
