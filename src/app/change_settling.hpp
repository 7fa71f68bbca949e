#pragma once

#include <utility>

#include "app/source_record.hpp"

namespace sluice::app {

/// Decides when a change of files is worth a reload: when they look different from what was tried last, and the same twice
/// in a row, so that a file which is just being written is left alone.
class ChangeSettling {
public:
    explicit ChangeSettling(SourceRecord tried) : tried_(std::move(tried)), last_(tried_) {}

    [[nodiscard]] const SourceRecord& tried() const { return tried_; }

    /// Takes what the files look like now; true when a reload is due, which then counts as tried.
    [[nodiscard]] bool look(SourceRecord now) {
        const bool is_settled = now == last_;
        last_ = std::move(now);
        if (!is_settled || last_ == tried_) return false;
        tried_ = last_;
        return true;
    }

private:
    SourceRecord tried_;
    SourceRecord last_;
};

}  // namespace sluice::app
