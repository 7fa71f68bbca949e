#include "filters/header_edits.hpp"

#include <algorithm>
#include <string_view>

#include "base/text.hpp"

namespace sluice::filters {
namespace {

std::uint64_t name_bit(std::string_view name) {
    const std::size_t first = name.empty() ? 0 : static_cast<unsigned char>(lower(name.front()));
    return std::uint64_t{1} << ((first ^ (name.size() * 5)) & 63U);
}

}  // namespace

HeaderEdits::HeaderEdits(const config::HeaderEdits& edits) {
    for (const std::string& name : edits.remove) dropped_.push_back(name);
    for (const config::HeaderValue& field : edits.set) {
        dropped_.push_back(field.name);
        appended_.push_back({field.name, field.value, http::field_id(field.name)});
    }
    for (const config::HeaderValue& field : edits.add) {
        appended_.push_back({field.name, field.value, http::field_id(field.name)});
    }
    for (const std::string_view name : dropped_) dropped_bits_ |= name_bit(name);
}

void HeaderEdits::edit(http::Fields& fields) const {
    if (!dropped_.empty()) {
        std::erase_if(fields, [this](const http::Field& field) { return drops(field); });
    }
    fields.insert(fields.end(), appended_.begin(), appended_.end());
}

bool HeaderEdits::drops(const http::Field& field) const {
    if ((dropped_bits_ & name_bit(field.name)) == 0) return false;
    return std::any_of(dropped_.begin(), dropped_.end(), [&](std::string_view name) {
        return equal_ignoring_case(name, field.name);
    });
}

}  // namespace sluice::filters
