#include "support/wire_case.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"
#include "http/characters.hpp"

namespace sluice::test {
namespace {

enum class Section { None, Head, Bytes, Events };

[[noreturn]] void complain(const std::string& place, std::string_view what) {
    throw std::runtime_error(place + ": " + std::string(what));
}

char simple_escape(char letter) {
    switch (letter) {
        case 'r':
            return '\r';
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 's':
            return ' ';
        case '\\':
            return '\\';
        default:
            return '\0';
    }
}

std::string unescape(std::string_view line, const std::string& place) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] != '\\') {
            out.push_back(line[i]);
            continue;
        }
        if (++i == line.size()) complain(place, "a backslash at the end of a line");
        if (line[i] == '0') {
            out.push_back('\0');
        } else if (line[i] == 'x' && i + 2 < line.size() && hex_value(line[i + 1]) >= 0 &&
                   hex_value(line[i + 2]) >= 0) {
            out.push_back(static_cast<char>(hex_value(line[i + 1]) * 16 +
                                            hex_value(line[i + 2])));
            i += 2;
        } else if (const char c = simple_escape(line[i]); c != '\0') {
            out.push_back(c);
        } else {
            complain(place, "an unknown escape");
        }
    }
    return out;
}

/// "@repeat 3 X: y\r\n", or bytes as they are.
void append_bytes(std::string& out, std::string_view line, const std::string& place) {
    constexpr std::string_view repeat = "@repeat ";
    if (!line.starts_with(repeat)) {
        out.append(unescape(line, place));
        return;
    }
    line.remove_prefix(repeat.size());
    const std::size_t space = line.find(' ');
    const auto times = parse_decimal(line.substr(0, space));
    if (!times || space == std::string_view::npos)
        complain(place, "@repeat needs a number and text");
    const std::string piece = unescape(line.substr(space + 1), place);
    for (std::uint64_t i = 0; i < *times; ++i) out.append(piece);
}

void read_kind(WireCase& one, std::string_view line, const std::string& place) {
    constexpr std::string_view response = "kind: response ";
    if (line == "kind: request") return;
    if (!line.starts_with(response)) complain(place, "neither a comment nor a kind");
    one.is_response = true;
    one.answered = http::method_of(line.substr(response.size()));
}

class Reader {
public:
    explicit Reader(const std::string& file) : file_(file) {}

    void line(std::string_view text) {
        ++number_;
        if (text.ends_with('\r')) text.remove_suffix(1);
        const std::string place = file_ + ":" + std::to_string(number_);
        if (text.starts_with("=== ")) {
            begin_case(text.substr(4), place);
        } else if (text == "--- bytes" && section_ == Section::Head) {
            section_ = Section::Bytes;
        } else if (text == "--- events" && section_ == Section::Bytes) {
            section_ = Section::Events;
        } else if (!text.empty()) {
            content(text, place);
        }
    }

    std::vector<WireCase> finish() {
        check_last();
        return std::move(cases_);
    }

private:
    void begin_case(std::string_view title, const std::string& place) {
        check_last();
        cases_.push_back({});
        cases_.back().title = title;
        cases_.back().place = place;
        section_ = Section::Head;
    }

    void content(std::string_view text, const std::string& place) {
        switch (section_) {
            case Section::Bytes:
                append_bytes(cases_.back().bytes, text, place);
                break;
            case Section::Events:
                cases_.back().events.emplace_back(text);
                break;
            case Section::Head:
                if (!text.starts_with('#')) read_kind(cases_.back(), text, place);
                break;
            case Section::None:
                if (!text.starts_with('#')) complain(place, "text before the first case");
                break;
        }
    }

    void check_last() const {
        if (!cases_.empty() && cases_.back().events.empty()) {
            complain(cases_.back().place, "a case without events");
        }
    }

    std::string file_;
    std::size_t number_ = 0;
    Section section_ = Section::None;
    std::vector<WireCase> cases_;
};

}  // namespace

std::vector<WireCase> parse_wire_cases(std::string_view text, const std::string& file) {
    Reader reader(file);
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        reader.line(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return reader.finish();
}

std::vector<WireCase> load_wire_cases(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".wire") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<WireCase> cases;
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        auto more = parse_wire_cases(text, path.filename().string());
        std::move(more.begin(), more.end(), std::back_inserter(cases));
    }
    if (cases.empty()) complain(folder, "no wire cases");
    return cases;
}

std::string show_bytes(std::string_view bytes) {
    constexpr std::size_t longest = 64;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\r') {
            out.append("\\r");
        } else if (c == '\n') {
            out.append("\\n");
        } else if (c == '\t') {
            out.append("\\t");
        } else if (c == '\\') {
            out.append("\\\\");
        } else if (byte < 0x20 || byte >= 0x7F) {
            out.append("\\x");
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 15]);
        } else {
            out.push_back(c);
        }
    }
    if (bytes.size() > longest) out.append("...");
    return out;
}

}  // namespace sluice::test
