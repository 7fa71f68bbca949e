#include "config/pointer.hpp"

#include "config/problem.hpp"

namespace sluice::config {

std::string Pointer::text() const {
    if (kind_ == Kind::Text) return std::string(key_);
    const std::string parent = parent_->text();
    return kind_ == Kind::Index ? pointer_to(parent, index_) : pointer_to(parent, key_);
}

}  // namespace sluice::config
