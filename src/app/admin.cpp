#include "app/admin.hpp"
