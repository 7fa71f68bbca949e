#pragma once

#include "config/schema.hpp"

/// Objects of the table that stand in a .cpp of their own.
namespace sluice::config {

extern const Object respond_object;
extern const Object cluster_object;
extern const Object resolver_object;
extern const Object log_object;
extern const Object admin_object;
extern const Object reload_object;
extern const Object listener_tls_object;
extern const Object cluster_tls_object;

}  // namespace sluice::config
