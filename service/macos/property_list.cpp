#include "macos/property_list.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace sluice::service {
namespace {

std::string escaped(std::string_view text) {
    std::string result;
    for (const char one : text) {
        switch (one) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            default: result += one;
        }
    }
    return result;
}

}  // namespace

bool fits_property_list(std::string_view text) {
    const bool has_control = std::any_of(text.begin(), text.end(), [](char one) {
        return static_cast<unsigned char>(one) < 0x20 || static_cast<unsigned char>(one) == 0x7f;
    });
    return !has_control && is_utf8(text);
}

PropertyListWriter::PropertyListWriter()
    : text_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
            "<plist version=\"1.0\">\n"
            "<dict>\n") {}

void PropertyListWriter::line(std::string_view text) {
    text_.append(depth_, '\t').append(text).append("\n");
}

void PropertyListWriter::element(std::string_view name, std::string_view text) {
    const std::string tag(name);
    line("<" + tag + ">" + escaped(text) + "</" + tag + ">");
}

void PropertyListWriter::add(std::string_view key, std::string_view text) {
    element("key", key);
    element("string", text);
}

void PropertyListWriter::add(std::string_view key, std::int64_t number) {
    element("key", key);
    element("integer", std::to_string(number));
}

void PropertyListWriter::add_list(std::string_view key, const std::vector<std::string>& texts) {
    element("key", key);
    line("<array>");
    ++depth_;
    for (const std::string& text : texts) element("string", text);
    --depth_;
    line("</array>");
}

void PropertyListWriter::add_boolean(std::string_view key, bool value) {
    element("key", key);
    line(value ? "<true/>" : "<false/>");
}

void PropertyListWriter::begin_dictionary(std::string_view key) {
    element("key", key);
    line("<dict>");
    ++depth_;
}

void PropertyListWriter::end_dictionary() {
    --depth_;
    line("</dict>");
}

std::string PropertyListWriter::finish() {
    text_ += "</dict>\n</plist>\n";
    return std::move(text_);
}

}  // namespace sluice::service
