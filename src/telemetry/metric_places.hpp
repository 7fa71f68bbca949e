#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::telemetry {

/// Gives labels places that count from 0, keeps a label's place while anybody uses it, and then gives it to another.
///
/// Threading: none of its own.
template <typename Label, typename Less>
class MetricPlaces {
public:
    /// A place for each label, which is used once more from now on. A label that occurs twice gets "#2" the second time.
    [[nodiscard]] std::vector<std::uint32_t> take(const std::vector<Label>& labels) {
        std::map<Label, std::uint32_t, Less> times;
        std::vector<std::uint32_t> result;
        for (Label label : labels) {
            const std::uint32_t time = ++times[label];
            if (time > 1) add_number(label, time);
            const std::uint32_t place = place_of(label);
            ++places_[place].users;
            result.push_back(place);
        }
        return result;
    }

    /// True when nobody uses the place any more.
    [[nodiscard]] bool give_back(std::uint32_t place) {
        Place& one = places_[place];
        if (--one.users != 0) return false;
        index_.erase(*one.label);
        one.label.reset();
        free_.push_back(place);
        return true;
    }

    [[nodiscard]] std::size_t size() const { return places_.size(); }
    /// nullptr while the place is nobody's.
    [[nodiscard]] const Label* label(std::size_t place) const {
        return places_[place].label ? &*places_[place].label : nullptr;
    }

private:
    struct Place {
        std::optional<Label> label;
        std::uint32_t users = 0;
    };

    static void add_number(std::string& label, std::uint32_t number) { label += "#" + std::to_string(number); }
    template <typename Other>
    static void add_number(Other& label, std::uint32_t number) {
        label.endpoint += "#" + std::to_string(number);
    }

    [[nodiscard]] std::uint32_t place_of(const Label& label) {
        const auto known = index_.find(label);
        if (known != index_.end()) return known->second;
        auto place = static_cast<std::uint32_t>(places_.size());
        if (free_.empty()) {
            places_.emplace_back();
        } else {
            place = free_.back();
            free_.pop_back();
        }
        places_[place].label = label;
        index_.emplace(label, place);
        return place;
    }

    std::vector<Place> places_;
    std::vector<std::uint32_t> free_;
    std::map<Label, std::uint32_t, Less> index_;
};

}  // namespace sluice::telemetry
