#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::service {

/// Whether an XML property list can hold the text: UTF-8 without control characters, which XML 1.0 has no way to write.
[[nodiscard]] bool fits_property_list(std::string_view text);

/// Writes an XML property list, plist(5), whose outermost value is a dictionary.
///
/// Every text has to fit (fits_property_list). Keys are taken as they come: each once.
class PropertyListWriter {
public:
    PropertyListWriter();

    void add(std::string_view key, std::string_view text);
    void add(std::string_view key, std::int64_t number);
    void add_list(std::string_view key, const std::vector<std::string>& texts);
    void add_boolean(std::string_view key, bool value);
    /// What is added up to the matching `end_dictionary` belongs to it.
    void begin_dictionary(std::string_view key);
    void end_dictionary();

    /// The whole file. The writer is of no use afterwards.
    [[nodiscard]] std::string finish();

private:
    void line(std::string_view text);
    void element(std::string_view name, std::string_view text);

    std::string text_;
    std::size_t depth_ = 1;
};

}  // namespace sluice::service
